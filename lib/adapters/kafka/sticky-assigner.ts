import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';
import { type AssignableMember, assignTopic, partitionId } from '../../core/assignment.ts';

const NAME = 'driftline-sticky';
const VERSION = 1;

interface Member extends AssignableMember {
  memberId: string;
}

/**
 * A partition assigner that leaves partitions where they are as far as shares stay even: kafkajs's own round robin
 * moves most of them at every change, and each move makes the new owner read its chunk again. Every member tells the
 * leader what it owns in its subscription's user data.
 */
export function stickyAssigner(owned: () => readonly string[]): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(owned())),
      }),
    }),
    assign: async ({ members, topics }) => {
      const known = members.map(({ memberId, memberMetadata }) => decodeMember(memberId, memberMetadata));
      known.sort((one, other) => (one.memberId < other.memberId ? -1 : 1));
      const assignments = new Map(known.map(({ memberId }) => [memberId, {} as Record<string, number[]>]));
      for (const topic of topics) {
        const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId: number }) => number);
        partitions.sort((one, other) => one - other);
        const owners = assignTopic(known, topic, partitions);
        for (const partition of partitions) {
          const owner = owners.get(partitionId(topic, partition));
          if (owner === undefined) continue;
          const assignment = assignments.get(owner.memberId)!;
          assignment[topic] = [...(assignment[topic] ?? []), partition];
        }
      }
      return [...assignments].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment,
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

/** A member whose user data cannot be read owns nothing as far as the assignment is concerned. */
function decodeMember(memberId: string, bytes: Buffer): Member {
  const metadata = AssignerProtocol.MemberMetadata.decode(bytes);
  return { memberId, topics: metadata?.topics ?? [], owned: decodeOwned(metadata?.userData) };
}

function decodeOwned(userData: Buffer | undefined): Set<string> {
  try {
    const ids: unknown = JSON.parse(userData?.toString() ?? '[]');
    return new Set(Array.isArray(ids) ? ids.map(String) : []);
  } catch {
    return new Set();
  }
}
