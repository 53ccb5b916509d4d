import { topicIdOf, truncationsOf } from '../incarnation.ts';
import type { ProgressMessage } from '../messages/types.ts';

/** How far one topic has come, as its partitions report it. */
export interface Watermark {
  readonly topicId: string;
  readonly marks: ReadonlyMap<number, PartitionMark>;
  readonly partitions: number;
}

/** What the reports of one partition came to. */
interface PartitionMark {
  /** How often its log was truncated, and the reach: of two reports the one that stands further tells the later state. */
  readonly truncations: number;
  readonly reach: number;
  /** Greatest arrival in the durable prefix, ms. */
  readonly arrived: number;
  /** `arrived`, or a later time at which it was idle. */
  readonly passed: number;
  readonly replaying: boolean;
}

/** A report, or what a manifest says; `incarnation` as the partition has it. */
export type ProgressReport = Pick<
  ProgressMessage,
  'incarnation' | 'partition' | 'reach' | 'passed' | 'arrived' | 'replaying'
>;

/** Nothing heard yet of a topic with so many partitions. */
export function newWatermark(topicId: string, partitions: number): Watermark {
  return { topicId, partitions, marks: new Map() };
}

/**
 * The watermark after a report. Each partition is monotone but for one case: what was passed by idleness alone is taken back
 * when a replay begins. Reports of another topic change nothing.
 */
export function observeProgress(mark: Watermark, report: ProgressReport): Watermark {
  if (topicIdOf(report.incarnation) !== mark.topicId) return mark;
  const { reach, arrived, passed, replaying } = report;
  const heard = { truncations: truncationsOf(report.incarnation), reach, arrived, passed, replaying };
  const known = mark.marks.get(report.partition);
  const next = known === undefined ? heard : after(known, heard);
  return next === known ? mark : { ...mark, marks: new Map(mark.marks).set(report.partition, next) };
}

/** A partition that others own by now may still be reported as it was: such a report never begins or ends a replay. */
function after(known: PartitionMark, heard: PartitionMark): PartitionMark {
  const order = heard.truncations - known.truncations || heard.reach - known.reach;
  const arrived = Math.max(known.arrived, heard.arrived);
  const { truncations, reach } = order > 0 ? heard : known;
  if (heard.replaying && order >= 0) return { truncations, reach, arrived, passed: arrived, replaying: true };
  if (known.replaying && order <= 0) return { ...known, arrived, passed: arrived };
  return { truncations, reach, arrived, passed: Math.max(known.passed, heard.passed), replaying: false };
}

/**
 * Every partition of the topic has passed this time (ms). A partition never heard of has passed nothing, so the result is
 * -1 until all have reported; partitions beyond the known number (added since the topic was described) count too. While
 * any partition is replaying, records alone pass time on all of them: the replay may reach the others any moment.
 */
export function passedTime(mark: Watermark): number {
  const marks = [...mark.marks.values()];
  const isReplay = marks.some(({ replaying }) => replaying);
  for (let partition = 0; partition < mark.partitions; partition++) if (!mark.marks.has(partition)) return -1;
  const least = Math.min(...marks.map(({ arrived, passed }) => (isReplay ? arrived : passed)));
  return Number.isFinite(least) ? least : -1;
}

/** A window is complete once every partition has passed its end and the allowed delay. */
export function isComplete(windowEnd: number, allowedDelayMs: number, passed: number): boolean {
  return passed >= windowEnd + allowedDelayMs;
}
