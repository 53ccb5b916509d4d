/** A partition in the group's terms: `topic` and number as one string. */
export type PartitionId = string;

export function partitionId(topic: string, partition: number): PartitionId {
  return `${topic}/${partition}`;
}

export interface AssignableMember {
  topics: readonly string[];
  owned: ReadonlySet<PartitionId>;
}

/**
 * Shares a topic's partitions evenly between the members that subscribe to it. A member keeps what it owns up to its
 * share (the first members get one more where it does not divide), so few partitions move.
 */
export function assignTopic<M extends AssignableMember>(
  members: readonly M[],
  topic: string,
  partitions: readonly number[],
): Map<PartitionId, M> {
  const subscribed = members.filter((member) => member.topics.includes(topic));
  const assignment = new Map<PartitionId, M>();
  if (subscribed.length === 0) return assignment;
  const ids = partitions.map((partition) => partitionId(topic, partition));
  const floor = Math.floor(ids.length / subscribed.length);
  const larger = ids.length % subscribed.length;
  const room = new Map(subscribed.map((member, index) => [member, floor + (index < larger ? 1 : 0)]));
  const take = (id: PartitionId, member: M) => {
    assignment.set(id, member);
    room.set(member, room.get(member)! - 1);
  };
  for (const id of ids) {
    const owner = subscribed.find((member) => member.owned.has(id));
    if (owner !== undefined && room.get(owner)! > 0) take(id, owner);
  }
  for (const id of ids) {
    if (assignment.has(id)) continue;
    take(id, subscribed.find((member) => room.get(member)! > 0)!);
  }
  return assignment;
}
