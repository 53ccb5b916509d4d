import type { PartitionOffsets } from '../../lib/ports/log.ts';
import { insertLosses } from '../../lib/tables/losses.ts';
import type { Environment } from './environment.ts';
import type { Place } from './partition-state.ts';
import type { Gap } from './start.ts';

/** Where the partition begins and ends now. */
export function partitionOffsets(environment: Environment, { topic, partition }: Place): Promise<PartitionOffsets> {
  return environment.persist('offsets', async () => {
    const found = (await environment.context.log.offsets(topic)).find((offsets) => offsets.partition === partition);
    if (found === undefined) throw new Error(`${topic} has no partition ${partition}`);
    return found;
  });
}

/** What retention took between the position and the first record that came: other holes (control records) lose nothing. */
export async function gapBefore(
  environment: Environment,
  place: Place,
  position: number,
  first: number,
): Promise<Gap | null> {
  if (first <= position) return null;
  const end = Math.min(first, (await partitionOffsets(environment, place)).beginning);
  return end > position ? { reason: 'log_trimmed', first: position, end } : null;
}

/** Writes the loss row of offsets that can no longer be read, and says so in the log. */
export async function declareGap(environment: Environment, place: Place, { reason, first, end }: Gap): Promise<void> {
  const { logger, store } = environment.context;
  const { topic, partition } = place;
  const loss = { reason, firstOffset: first, lastOffset: end - 1, events: end - first };
  logger.error({ ...place, ...loss }, `offsets ${first} to ${end - 1} cannot be read: ${reason}`);
  await environment.persist('loss_rows', () => insertLosses(store, { ...place, chunkStart: first }, [loss]));
  environment.metrics.losses.inc({ topic, partition, reason }, loss.events);
}
