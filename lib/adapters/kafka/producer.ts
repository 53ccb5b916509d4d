import type { Message, Producer } from 'kafkajs';
import { partitionForKey } from '../../core/partitioner.ts';
import { type NewRecord, RecordTooLargeError, type Settled } from '../../ports/log.ts';
import { isTooLarge, PartitionUnknownError } from './errors.ts';

/** Half of what brokers take in one batch by default (`message.max.bytes`, 1 MiB): kafkajs makes one of each request. */
const MAX_SEND_BYTES = 512 * 1024;
const MAX_SEND_RECORDS = 10_000;
/** How long a partition that kafkajs does not know of yet is waited for, and between two tries. */
const UNKNOWN_MS = 15_000;
const RETRY_MS = 300;
/** Length fields, timestamps and the like of one record, generously. */
const RECORD_OVERHEAD = 64;

/** A message with its place in the call it came with. */
interface Placed {
  message: Message;
  index: number;
}

interface Sending {
  message: Message;
  bytes: number;
  done: (error: unknown) => void;
}

/**
 * Sends to one partition, one awaited request at a time, so that records keep their order. What arrives meanwhile goes
 * into the next request, up to 512 KiB; a greater record goes alone, so that a refused one fails only its own caller.
 * Where a topic takes less, what was refused goes again in halves.
 */
export class PartitionSender {
  private readonly producer: () => Producer;
  private readonly topic: string;
  private readonly partition: number;
  private waiting: Sending[] = [];
  private busy = false;

  constructor(producer: () => Producer, topic: string, partition: number) {
    this.producer = producer;
    this.topic = topic;
    this.partition = partition;
  }

  /** Resolves when all in-sync replicas have the messages; rejects with the first error among them. */
  send(messages: readonly Placed[], settled: Settled): Promise<void> {
    return new Promise((resolve, reject) => {
      let open = messages.length;
      let failure: unknown;
      const doneWith = (index: number) => (error: unknown) => {
        settled(index, error);
        failure ??= error;
        open -= 1;
        if (open > 0) return;
        if (failure === undefined) resolve();
        else reject(failure);
      };
      for (const { message, index } of messages) {
        this.waiting.push({ message, bytes: sizeOf(message), done: doneWith(index) });
      }
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) await this.deliver(this.take());
    this.busy = false;
  }

  private async deliver(batch: readonly Sending[]): Promise<void> {
    const error = await this.request(batch);
    if (batch.length === 1 && isTooLarge(error)) {
      const { bytes, done } = batch[0]!;
      return done(new RecordTooLargeError(this.topic, bytes, error));
    }
    if (!isTooLarge(error)) {
      for (const { done } of batch) done(error);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await this.deliver(batch.slice(0, half));
    await this.deliver(batch.slice(half));
  }

  private async request(batch: readonly Sending[]): Promise<unknown> {
    const { topic, partition } = this;
    const messages = batch.map(({ message }) => message);
    const end = performance.now() + UNKNOWN_MS;
    try {
      while (!(await this.isTaken(messages))) {
        if (performance.now() > end) throw new PartitionUnknownError(`no broker took records of ${topic}/${partition}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      return undefined;
    } catch (error) {
      return error ?? new Error('send failed');
    }
  }

  /**
   * False where nothing was sent: kafkajs leaves out the records of partitions that its metadata does not have yet, as of
   * those just added, and calls that a success.
   */
  private async isTaken(messages: Message[]): Promise<boolean> {
    const answers = await this.producer().send({ topic: this.topic, acks: -1, messages });
    return answers.some(({ partition }) => partition === this.partition);
  }

  private take(): Sending[] {
    let bytes = 0;
    let count = 0;
    while (count < this.waiting.length && count < MAX_SEND_RECORDS) {
      bytes += this.waiting[count]!.bytes;
      if (count > 0 && bytes > MAX_SEND_BYTES) break;
      count += 1;
    }
    const batch = this.waiting.slice(0, count);
    this.waiting = this.waiting.slice(count);
    return batch;
  }
}

/** Chooses partitions and keeps one sender for each. */
export class Appender {
  private readonly producer: () => Producer;
  private readonly senders = new Map<string, PartitionSender>();
  private turn = 0;

  constructor(producer: () => Producer) {
    this.producer = producer;
  }

  async append(topic: string, partitions: number, records: readonly NewRecord[], settled: Settled): Promise<void> {
    const byPartition = new Map<number, Placed[]>();
    for (const [index, record] of records.entries()) {
      const partition = this.choose(topic, partitions, record);
      const messages = byPartition.get(partition);
      const placed = { message: toMessage(record, partition), index };
      if (messages === undefined) byPartition.set(partition, [placed]);
      else messages.push(placed);
    }
    const sent = [...byPartition].map(([partition, messages]) => this.sender(topic, partition).send(messages, settled));
    // A partition that fails must not hide what becomes of the others.
    const failed = (await Promise.allSettled(sent)).find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  private choose(topic: string, partitions: number, { partition, key }: NewRecord): number {
    if (partition !== undefined && !(partition >= 0 && partition < partitions)) {
      throw new RangeError(`topic ${topic} has ${partitions} partitions, none numbered ${partition}`);
    }
    if (partition !== undefined) return partition;
    return key === null ? this.turn++ % partitions : partitionForKey(Buffer.from(key), partitions);
  }

  private sender(topic: string, partition: number): PartitionSender {
    const id = `${topic}/${partition}`;
    let sender = this.senders.get(id);
    if (sender === undefined) {
      sender = new PartitionSender(this.producer, topic, partition);
      this.senders.set(id, sender);
    }
    return sender;
  }
}

function toMessage(record: NewRecord, partition: number): Message {
  return {
    key: record.key,
    value: record.value,
    partition,
    timestamp: String(record.timestamp ?? Date.now()),
    ...(record.headers === undefined ? {} : { headers: { ...record.headers } }),
  };
}

function sizeOf({ key, value, headers }: Message): number {
  let bytes = RECORD_OVERHEAD + byteLength(key) + byteLength(value);
  for (const [name, text] of Object.entries(headers ?? {})) bytes += 8 + byteLength(name) + byteLength(String(text));
  return bytes;
}

function byteLength(value: string | Buffer | null | undefined): number {
  return value === null || value === undefined ? 0 : Buffer.byteLength(value);
}
