import type { Assignment } from '../../lib/ports/log.ts';
import type { Environment } from './environment.ts';

/** Says that a partition is not read on, and why; `/readyz` says so too, by the consumer. */
export function reportHalt({ context, metrics }: Environment, place: Assignment, reason: string): void {
  const { topic, partition } = place;
  context.logger.error({ ...place, reason }, `partition halted: ${reason}`);
  metrics.halted.set({ topic, partition }, 1);
}
