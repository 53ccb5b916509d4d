import { type AssignableMember, assignTopic, type PartitionId } from '../../core/assignment.ts';
import type { Catalog, Partition } from './catalog.ts';

/** What a group asks of its members. None of these rejects: a member that fails leaves by itself. */
export interface GroupMember extends AssignableMember {
  revoke(ids: readonly PartitionId[]): Promise<void>;
  assign(partitions: readonly Partition[], generation: number): Promise<void>;
}

/** The members of one consumer group in this process, and who reads what. Membership changes happen one at a time. */
export class Group {
  private readonly catalog: Catalog;
  private readonly nextGeneration: () => Promise<number>;
  private members: GroupMember[] = [];
  private queue: Promise<void> = Promise.resolve();

  /** `nextGeneration` must be durable: generations rise over restarts too. */
  constructor(catalog: Catalog, nextGeneration: () => Promise<number>) {
    this.catalog = catalog;
    this.nextGeneration = nextGeneration;
  }

  join(member: GroupMember): Promise<void> {
    return this.enqueue(async () => {
      this.members.push(member);
      await this.rebalance();
    });
  }

  /** The member's partitions are revoked, then shared between the others. */
  leave(member: GroupMember): Promise<void> {
    return this.enqueue(async () => {
      if (!this.members.includes(member)) return;
      await member.revoke([...member.owned]);
      this.members = this.members.filter((other) => other !== member);
      if (this.members.length > 0) await this.rebalance();
    });
  }

  private enqueue(change: () => Promise<void>): Promise<void> {
    const done = this.queue.then(change);
    this.queue = done.catch(() => {});
    return done;
  }

  private async rebalance(): Promise<void> {
    const generation = await this.nextGeneration();
    const target = this.target();
    await Promise.all(
      this.members.map((member) => member.revoke([...member.owned].filter((id) => target.get(id)?.member !== member))),
    );
    await Promise.all(this.members.map((member) => member.assign(gained(target, member), generation)));
  }

  private target(): Map<PartitionId, Target> {
    const target = new Map<PartitionId, Target>();
    for (const name of new Set(this.members.flatMap((member) => member.topics))) {
      const { partitions } = this.catalog.topic(name);
      const numbers = partitions.map(({ partition }) => partition);
      [...assignTopic(this.members, name, numbers)].forEach(([id, member]) => {
        target.set(id, { member, partition: partitions.find((one) => id === `${name}/${one.partition}`)! });
      });
    }
    return target;
  }
}

interface Target {
  member: GroupMember;
  partition: Partition;
}

function gained(target: ReadonlyMap<PartitionId, Target>, member: GroupMember): Partition[] {
  return [...target].filter(([id, to]) => to.member === member && !member.owned.has(id)).map(([, to]) => to.partition);
}
