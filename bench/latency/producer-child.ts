/**
 * A producer that keeps its pace: every few milliseconds a batch to each partition, dated when it was due, so that its own
 * delay counts as the stream's. Without a client, so that it takes little of the machine: the batches are made beforehand.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type Asking, askingOf } from '../kafka/asking.ts';
import { jsonEvent, newEvent } from '../kafka/fill.ts';
import { TimedBatch } from './record-batch.ts';

export interface Task {
  bootstrap: string;
  topic: string;
  features: number;
  partitions: number;
  /** Between two batches of a partition, ms. */
  everyMs: number;
  /** Events of one batch. */
  batch: number;
  /** Batches of each partition. */
  times: number;
}

/** Batches of equal size in the order sent: to which partition, dated when (ms), and their first offset. */
export interface Produced {
  partition: number[];
  time: number[];
  offset: number[];
  /** How late batches were acknowledged after they were due, ms, at the 99th percentile. */
  late: number;
}

const POOL = 8;
const PRODUCE = 0;
const VERSION = 3;
/** As long as a time, and nowhere else in an event. */
const PLACE = 9_999_999_999_999;

async function produce(asking: Asking, task: Task): Promise<Produced> {
  const { topic, features, partitions, everyMs, batch, times } = task;
  const pool = Array.from({ length: POOL }, () => {
    const values = Array.from({ length: batch }, (_, i) => jsonEvent([newEvent(i, features, PLACE)]));
    return new TimedBatch(values, String(PLACE));
  });
  const sent: Produced = { partition: [], time: [], offset: [], late: 0 };
  const late: number[] = [];
  const began = Date.now();
  for (let turn = 0; turn < times; turn++) {
    const due = began + turn * everyMs;
    const early = due - Date.now();
    if (early > 0) await wait(early);
    const bytes = pool[turn % POOL]!.at(due);
    const offsets = offsetsOf(await asking.ask(request(topic, partitions, bytes)), topic, partitions);
    late.push(Date.now() - due);
    for (let partition = 0; partition < partitions; partition++) {
      sent.partition.push(partition);
      sent.time.push(due);
      sent.offset.push(offsets[partition]!);
    }
  }
  late.sort((a, b) => a - b);
  return { ...sent, late: late[Math.floor(0.99 * late.length)]! };
}

/** The same batch to every partition; the leader alone acknowledges. */
function request(topic: string, partitions: number, batch: Buffer): Buffer {
  const name = Buffer.from(topic);
  const head = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 2 + 2 + 4 + 4 + 2);
  head.writeInt16BE(PRODUCE, 4);
  head.writeInt16BE(VERSION, 6);
  // Correlation 0; no client id; no transaction.
  head.writeInt16BE(-1, 12);
  head.writeInt16BE(-1, 14);
  head.writeInt16BE(1, 16);
  head.writeInt32BE(30_000, 18);
  head.writeInt32BE(1, 22);
  head.writeInt16BE(name.length, 26);
  const count = Buffer.alloc(4);
  count.writeInt32BE(partitions);
  const parts = Array.from({ length: partitions }, (_, partition) => {
    const part = Buffer.alloc(8);
    part.writeInt32BE(partition);
    part.writeInt32BE(batch.length, 4);
    return [part, batch];
  });
  const all = Buffer.concat([head, name, count, ...parts.flat()]);
  all.writeInt32BE(all.length - 4);
  return all;
}

function offsetsOf(answer: Buffer, topic: string, partitions: number): number[] {
  const offsets: number[] = [];
  // Correlation, topics, the topic's name, partitions.
  let at = 4 + 4 + 2 + Buffer.byteLength(topic) + 4;
  for (let i = 0; i < partitions; i++, at += 22) {
    const error = answer.readInt16BE(at + 4);
    if (error !== 0) throw new Error(`partition ${answer.readInt32BE(at)}: error ${error}`);
    offsets[answer.readInt32BE(at)] = Number(answer.readBigInt64BE(at + 6));
  }
  return offsets;
}

process.on('message', (task: Task) => {
  const asking = askingOf(task.bootstrap);
  void produce(asking, task).then((produced) => {
    asking.close();
    process.send?.(produced);
  });
});
