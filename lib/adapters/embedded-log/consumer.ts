import { type PartitionId, partitionId } from '../../core/assignment.ts';
import { type Assignment, type Consumer, type ConsumerOptions, StaleAssignmentError } from '../../ports/log.ts';
import type { Partition } from './catalog.ts';
import type { Group, GroupMember } from './group.ts';
import { PartitionReader } from './partition-reader.ts';
import type { MetaKey, Storage } from './storage.ts';
import type { Writer } from './writer.ts';

/** One member of a group, and the `Consumer` its user holds. */
export class EmbeddedConsumer implements Consumer, GroupMember {
  readonly failed: Promise<never>;
  readonly topics: readonly string[];
  private readonly options: ConsumerOptions;
  private readonly storage: Storage;
  private readonly writer: Writer;
  private readonly group: Group;
  private readonly readers = new Map<PartitionId, PartitionReader>();
  private hasJoined = false;
  private failure: unknown;
  private left: Promise<void> | null = null;
  private reject: (error: unknown) => void = () => {};

  constructor(options: ConsumerOptions, group: Group, storage: Storage, writer: Writer) {
    this.options = options;
    this.topics = options.topics;
    this.group = group;
    this.storage = storage;
    this.writer = writer;
    this.failed = new Promise<never>((_, reject) => {
      this.reject = reject;
    });
    // Whoever cares listens to it; without a listener the process must not die of an unhandled rejection.
    this.failed.catch(() => {});
  }

  get owned(): ReadonlySet<PartitionId> {
    return new Set(this.readers.keys());
  }

  assignments(): readonly Assignment[] {
    return [...this.readers.values()].map((reader) => reader.assignment);
  }

  joined(): boolean {
    return this.hasJoined;
  }

  /** The group is in this process: it gives nothing away without saying so. */
  certain(): boolean {
    return true;
  }

  unhealthy(): string | null {
    if (this.failure !== undefined)
      return `consumer of group ${this.options.group} has failed: ${String(this.failure)}`;
    for (const reader of this.readers.values()) if (reader.halted !== null) return reader.halted;
    return null;
  }

  /** Joins in the background: handlers are called only after whoever asked holds this consumer. */
  join(): void {
    this.group.join(this).catch((error) => this.fail(error));
  }

  async commit({ topic, partition }: Assignment, offset: number): Promise<void> {
    if (this.failure !== undefined || !this.readers.has(partitionId(topic, partition))) {
      throw new StaleAssignmentError(
        `group ${this.options.group}: ${topic}/${partition} is not assigned to this consumer`,
      );
    }
    await this.writer.put(offsetKey(this.options.group, topic, partition), offset);
  }

  close(): Promise<void> {
    this.left ??= this.group.leave(this);
    return this.left;
  }

  async revoke(ids: readonly PartitionId[]): Promise<void> {
    await Promise.all(ids.map((id) => this.revokeOne(id)));
  }

  async assign(partitions: readonly Partition[], generation: number): Promise<void> {
    await Promise.all(partitions.map((partition) => this.assignOne(partition, generation)));
    this.hasJoined = true;
  }

  private async revokeOne(id: PartitionId): Promise<void> {
    const reader = this.readers.get(id);
    if (reader === undefined) return;
    // A failed consumer's handlers are called no more, and what they still do is not waited for: it may never end.
    if (this.failure === undefined) {
      await reader.stop();
      await this.guard(() => this.options.handlers.onRevoked(reader.assignment));
    }
    this.readers.delete(id);
  }

  private async assignOne(partition: Partition, generation: number): Promise<void> {
    if (this.failure !== undefined) return;
    const reader = new PartitionReader(this.storage, partition, this.options.handlers);
    const { topic, partition: number } = reader.assignment;
    this.readers.set(partitionId(topic, number), reader);
    await this.guard(async () => {
      const committed = this.storage.meta.get(offsetKey(this.options.group, topic, number)) as number | undefined;
      const start = await this.options.handlers.onAssigned(reader.assignment, generation, committed ?? null);
      reader.start(start, (error) => this.fail(error));
    });
  }

  private async guard(call: () => Promise<void>): Promise<void> {
    if (this.failure !== undefined) return;
    try {
      await call();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = error ?? new Error('a handler threw nothing');
    for (const reader of this.readers.values()) reader.abandon();
    this.left ??= this.group.leave(this);
    this.reject(this.failure);
  }
}

function offsetKey(group: string, topic: string, partition: number): MetaKey {
  return ['offset', group, topic, partition];
}
