import { randomUUID } from 'node:crypto';
import type { PartitionOffsets, TopicSpec } from '../../ports/log.ts';
import { batchCount } from './record-batch.ts';
import type { MetaKey, Storage } from './storage.ts';

/** One partition in memory. The disk is the truth: `end` moves only after a durable write. */
export interface Partition extends PartitionOffsets {
  topic: string;
  uid: number;
  /** Called once after the next append (or retention, or close), then forgotten. */
  waiters: Set<() => void>;
}

export interface Topic {
  name: string;
  incarnation: string;
  config: Readonly<Record<string, string>>;
  partitions: Partition[];
}

interface StoredTopic {
  incarnation: string;
  config: Readonly<Record<string, string>>;
  /** Storage number of each partition; never used again by another. */
  uids: number[];
}

const NEXT_UID: MetaKey = ['nextUid'];

/** Bounds written by retention, which may remove every batch of a partition: then they are all that tells its end. */
export function boundsKey(uid: number): MetaKey {
  return ['bounds', uid];
}

/** The topics of the log: read once at open, then kept in step with what is written. */
export class Catalog {
  private readonly topics = new Map<string, Topic>();
  private readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
    for (const { key, value } of storage.meta.getRange({ start: ['topic'], end: ['topic', '\uffff'] })) {
      this.load(String(key[1]), value as StoredTopic);
    }
  }

  /** Throws where the topic does not exist. */
  topic(name: string): Topic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw new Error(`embedded log: topic ${name} does not exist; create it with ensureTopics`);
    return topic;
  }

  all(): Topic[] {
    return [...this.topics.values()];
  }

  /** Creates the topics that are missing. Existing ones keep their partitions and configuration. */
  async ensure(specs: readonly TopicSpec[], defaultPartitions: number): Promise<void> {
    const missing = specs.filter((spec) => !this.topics.has(spec.name));
    if (missing.length === 0) return;
    for (const { name, stored } of await this.create(missing, defaultPartitions)) {
      if (!this.topics.has(name)) this.load(name, stored);
    }
  }

  private async create(specs: readonly TopicSpec[], defaultPartitions: number) {
    const made: { name: string; stored: StoredTopic }[] = [];
    this.storage.writeNow(() => {
      let nextUid = Number(this.storage.meta.get(NEXT_UID) ?? 1);
      for (const spec of specs) {
        const uids = Array.from({ length: spec.partitions || defaultPartitions }, () => nextUid++);
        const stored: StoredTopic = { incarnation: randomUUID(), config: spec.config ?? {}, uids };
        this.storage.meta.putSync(['topic', spec.name], stored);
        made.push({ name: spec.name, stored });
      }
      this.storage.meta.putSync(NEXT_UID, nextUid);
    });
    return made;
  }

  private load(name: string, stored: StoredTopic): void {
    const partitions = stored.uids.map((uid, partition) => ({
      topic: name,
      partition,
      uid,
      waiters: new Set<() => void>(),
      ...this.readBounds(uid),
    }));
    this.topics.set(name, { name, incarnation: stored.incarnation, config: stored.config, partitions });
  }

  private readBounds(uid: number): { beginning: number; end: number } {
    const trimmed = (this.storage.meta.get(boundsKey(uid)) as { beginning: number; end: number } | undefined) ?? {
      beginning: 0,
      end: 0,
    };
    const last = [
      ...this.storage.batches.getRange({
        start: [uid, Number.MAX_SAFE_INTEGER],
        end: [uid, -1],
        reverse: true,
        limit: 1,
      }),
    ][0];
    if (last === undefined) return trimmed;
    return { beginning: trimmed.beginning, end: last.key[1] + batchCount(last.value) };
  }
}

/** Calls whoever waits for the partition to change. */
export function wake(partition: Partition): void {
  const waiters = [...partition.waiters];
  partition.waiters.clear();
  for (const waiter of waiters) waiter();
}
