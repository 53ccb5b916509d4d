/**
 * A partition's incarnation: the topic's id, and behind it how often this partition's log was truncated, if ever. Offsets
 * are unique within one. `topic-id`, `topic-id~1`, `topic-id~2`, …
 */
const SEPARATOR = '~';

/** The id of the topic that a partition's incarnation belongs to. */
export function topicIdOf(incarnation: string): string {
  return incarnation.split(SEPARATOR, 1)[0]!;
}

/** How often the partition's log was truncated before this incarnation of it. */
export function truncationsOf(incarnation: string): number {
  return Number(incarnation.split(SEPARATOR)[1] ?? 0);
}

/** The partition's incarnation after one more truncation. */
export function afterTruncation(incarnation: string): string {
  return `${topicIdOf(incarnation)}${SEPARATOR}${truncationsOf(incarnation) + 1}`;
}
