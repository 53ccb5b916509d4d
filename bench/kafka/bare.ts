import { batchSize, openBatch } from '../../lib/adapters/kafka/record-batch.ts';
import { Stopwatch } from '../pipeline/stopwatch.ts';
import { askingOf } from './asking.ts';
import type { Reader } from './readers.ts';
import { TOUCHES } from './touches.ts';

const BYTES_PER_PARTITION = 1024 * 1024;
const BYTES_PER_FETCH = 4 * 1024 * 1024;
const PARTITIONS = 4;
const FETCH = 1;
const VERSION = 4;

/**
 * No client at all: a socket, one fetch after the other, and our reader of record batches. No group, no heartbeats, no
 * errors, one broker: what remains is what any client has to do, so that this is the most another could reach.
 */
export const readBare: Reader = async ({ bootstrap, topic, total, touch }) => {
  const { ask, close } = askingOf(bootstrap);
  const watch = new Stopwatch(total);
  const touched = TOUCHES[touch]();
  const positions = Array.from({ length: PARTITIONS }, () => 0);
  let asked = ask(request(topic, positions));
  for (let seen = 0; seen < total; ) {
    const parts = partsOf(await asked, topic);
    watch.begin();
    const blocks = parts.flatMap(({ partition, records }) => {
      const all = blocksOf(records);
      if (all.length > 0) positions[partition] = all.at(-1)!.lastOffset + 1;
      return all;
    });
    // The next answer is under way while this one is read, as with the port.
    asked = ask(request(topic, positions));
    for (const block of blocks) {
      const { records } = await block.read();
      for (const { value } of records) if (value !== null) touched.value(value);
      seen += records.length;
      watch.count(records.length);
    }
  }
  touched.end();
  const took = watch.end();
  await asked;
  close();
  return took;
};

function request(topic: string, positions: readonly number[]): Buffer {
  const name = Buffer.from(topic);
  const head = Buffer.alloc(8 + 4 + 2 + 4 + 4 + 4 + 4 + 1 + 4 + 2);
  let at = 4;
  const int16 = (value: number) => {
    at = head.writeInt16BE(value, at);
  };
  const int32 = (value: number) => {
    at = head.writeInt32BE(value, at);
  };
  int16(FETCH);
  int16(VERSION);
  // Correlation; no client id; not a replica; 250 ms; one byte at least; of all; read committed; one topic.
  int32(0);
  int16(-1);
  int32(-1);
  int32(250);
  int32(1);
  int32(BYTES_PER_FETCH);
  at = head.writeInt8(1, at);
  int32(1);
  int16(name.length);
  const asked = Buffer.alloc(4 + 16 * positions.length);
  asked.writeInt32BE(positions.length, 0);
  for (const [partition, position] of positions.entries()) {
    asked.writeInt32BE(partition, 4 + 16 * partition);
    asked.writeBigInt64BE(BigInt(position), 8 + 16 * partition);
    asked.writeInt32BE(BYTES_PER_PARTITION, 16 + 16 * partition);
  }
  const all = Buffer.concat([head, name, asked]);
  all.writeInt32BE(all.length - 4, 0);
  return all;
}

function partsOf(answer: Buffer, topic: string): { partition: number; records: Buffer }[] {
  // Correlation, throttling, topics, the topic's name, partitions.
  let at = 4 + 4 + 4 + 2 + Buffer.byteLength(topic);
  const count = answer.readInt32BE(at);
  at += 4;
  return Array.from({ length: count }, () => {
    const partition = answer.readInt32BE(at);
    const error = answer.readInt16BE(at + 4);
    if (error !== 0) throw new Error(`partition ${partition}: error ${error}`);
    const aborted = answer.readInt32BE(at + 22);
    at += 26 + 16 * Math.max(0, aborted);
    const size = answer.readInt32BE(at);
    at += 4 + Math.max(0, size);
    return { partition, records: answer.subarray(at - Math.max(0, size), at) };
  });
}

function blocksOf(records: Buffer) {
  const blocks = [];
  for (let at = 0; ; ) {
    const size = batchSize(records, at);
    if (size === null) return blocks;
    blocks.push(openBatch(records.subarray(at, at + size)));
    at += size;
  }
}
