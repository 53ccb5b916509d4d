import type { ProgressMessage } from '../messages/types.ts';

/** How far one incarnation of an input topic has come, as its partitions report it. */
export interface Watermark {
  readonly incarnation: string;
  /** Partitions by number: greatest arrival in the durable prefix, ms. */
  readonly passed: ReadonlyMap<number, number>;
  readonly partitions: number;
}

/** Nothing heard yet of a topic with so many partitions. */
export function newWatermark(incarnation: string, partitions: number): Watermark {
  return { incarnation, partitions, passed: new Map() };
}

/** The watermark after a report: monotone in each partition; reports of another incarnation change nothing. */
export function observeProgress(
  mark: Watermark,
  report: Pick<ProgressMessage, 'incarnation' | 'partition' | 'passed'>,
): Watermark {
  if (report.incarnation !== mark.incarnation) return mark;
  if ((mark.passed.get(report.partition) ?? -1) >= report.passed) return mark;
  return { ...mark, passed: new Map(mark.passed).set(report.partition, report.passed) };
}

/**
 * Every partition of the topic has passed this time (ms). A partition never heard of has passed nothing, so the result is
 * -1 until all have reported; partitions beyond the known number (added since the topic was described) count too.
 */
export function passedTime(mark: Watermark): number {
  let least = Number.POSITIVE_INFINITY;
  for (let partition = 0; partition < mark.partitions; partition++) {
    least = Math.min(least, mark.passed.get(partition) ?? -1);
  }
  for (const passed of mark.passed.values()) least = Math.min(least, passed);
  return Number.isFinite(least) ? least : -1;
}

/** A window is complete once every partition has passed its end and the allowed delay. */
export function isComplete(windowEnd: number, allowedDelayMs: number, passed: number): boolean {
  return passed >= windowEnd + allowedDelayMs;
}
