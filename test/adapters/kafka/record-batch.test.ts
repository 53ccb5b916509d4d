import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import snappy from 'kafkajs-snappy';
import { compressFrameSync } from 'lz4-napi';
import { inflatedLz4Bytes } from '../../../lib/adapters/kafka/lz4-size.ts';
import { type BlockRecords, openBatch } from '../../../lib/adapters/kafka/record-batch.ts';
import { inflatedSnappyBytes } from '../../../lib/adapters/kafka/snappy-size.ts';

const FIRST = 1000;
const VALUES = ['one', 'two', 'three'];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value < 0 ? -2 * value - 1 : 2 * value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

function record(value: string, index: number): Buffer {
  const bytes = Buffer.from(value);
  const fields = Buffer.from([0, ...varint(index), ...varint(index), ...varint(-1), ...varint(bytes.length)]);
  const body = Buffer.concat([fields, bytes, Buffer.from(varint(0))]);
  return Buffer.concat([Buffer.from(varint(body.length)), body]);
}

const RECORDS = Buffer.concat(VALUES.map(record));

function batch(codec: number, body: Buffer, count = VALUES.length): Buffer {
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(BigInt(FIRST), 0);
  header.writeInt32BE(49 + body.length, 8);
  header.writeInt32BE(7, 12);
  header[16] = 2;
  header.writeInt16BE(codec, 21);
  header.writeInt32BE(VALUES.length - 1, 23);
  header.writeBigInt64BE(1_700_000_000_000n, 27);
  header.writeInt32BE(count, 57);
  return Buffer.concat([header, body]);
}

const values = ({ records }: BlockRecords) => records.map(({ value }) => value?.toString());

async function openAndRead(bytes: Buffer): Promise<BlockRecords | Error> {
  const { read } = openBatch(bytes);
  return (async () => read())().catch((error: unknown) => error as Error);
}

describe('record batches', () => {
  it('are read plain and inflated, with offsets, times and the leader epoch', async () => {
    for (const bytes of [batch(0, RECORDS), batch(1, gzipSync(RECORDS)), batch(3, compressFrameSync(RECORDS))]) {
      const block = openBatch(bytes);
      const read = await block.read();
      assert.deepEqual(values(read), VALUES);
      assert.ok(read.bytes > RECORDS.length, 'no less than they came in');
      assert.deepEqual(
        read.records.map(({ offset, timestamp }) => [offset, timestamp]),
        VALUES.map((_, index) => [FIRST + index, 1_700_000_000_000 + index]),
      );
      const { firstOffset, lastOffset, leaderEpoch, ends } = block;
      assert.deepEqual([firstOffset, lastOffset, leaderEpoch, ends], [FIRST, FIRST + 2, 7, null]);
    }
  });

  it('that cannot be read are opened, and say why when they are read', async () => {
    const broken: [Buffer, RegExp][] = [
      [batch(6, RECORDS), /compression codec 6 is unknown/],
      [batch(1, RECORDS), /its gzip compression cannot be read/],
      [batch(2, Buffer.from([255, 255, 255])), /its snappy compression cannot be read/],
      [batch(3, RECORDS), /its lz4 compression cannot be read/],
      [batch(4, RECORDS), /its zstd compression cannot be read/],
      [batch(0, RECORDS, 4), /a varint is cut off/],
      [batch(0, RECORDS, 2 ** 31 - 1), /records/],
      [batch(0, RECORDS, -1), /announces -1 records/],
      [batch(0, Buffer.concat([RECORDS.subarray(0, -8), Buffer.alloc(8, 0xff)])), /./],
      [batch(0, Buffer.concat([record('one', 0), record('two', 0), record('three', 2)])), /claims offset 1000/],
    ];
    for (const [bytes, reason] of broken) {
      const { firstOffset, lastOffset, read } = openBatch(bytes);
      assert.deepEqual([firstOffset, lastOffset], [FIRST, FIRST + 2]);
      await assert.rejects(async () => read(), reason);
    }
  });

  it('without a record left move the position alone', async () => {
    const { lastOffset, read } = openBatch(batch(0, Buffer.alloc(0), 0));
    assert.equal(lastOffset, FIRST + 2);
    assert.deepEqual((await read()).records, []);
  });

  it('of records far too large keep nothing of the answer they came in, also before they are read', async () => {
    const value = Buffer.alloc(5_000_000, 'v');
    const name = Buffer.from('name');
    const fields = [
      Buffer.from([0, ...varint(0), ...varint(0), ...varint(3)]),
      Buffer.from('key'),
      Buffer.concat([Buffer.from(varint(value.length)), value]),
      Buffer.from([...varint(1), ...varint(name.length), ...name, ...varint(2), 104, 105]),
    ];
    const body = Buffer.concat(fields);
    const bytes = batch(0, Buffer.concat([Buffer.from(varint(body.length)), body]), 1);
    const { read } = openBatch(bytes);
    bytes.fill(0);
    const { records, bytes: kept } = await read();
    const [record] = records;
    assert.equal(record!.tooLarge?.limit, 'record_bytes');
    assert.deepEqual(record!.value, value.subarray(0, 262_144));
    assert.equal(record!.key?.toString(), 'key');
    assert.equal(record!.headers.name?.toString(), 'hi');
    assert.ok(kept < 2_000_000);
  });

  it('far too large that cannot be read say so when they are', async () => {
    const { read } = openBatch(batch(0, Buffer.alloc(5_000_000, 0xff), 1));
    await assert.rejects(async () => read(), /varint/);
  });

  it('of any bytes end in records within their offsets or in a reason', async () => {
    const damage = fc.array(fc.tuple(fc.integer({ min: 57 }), fc.integer({ min: 0, max: 255 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 7 }), damage, async (codec, changes) => {
        const body = codec === 1 ? gzipSync(RECORDS) : codec === 3 ? compressFrameSync(RECORDS) : RECORDS;
        const bytes = batch(codec, body);
        for (const [at, byte] of changes) bytes[57 + (at % (bytes.length - 57))] = byte;
        const read = await openAndRead(bytes);
        if (read instanceof Error) return assert.notEqual(read.message, '');
        for (const { offset } of read.records) assert.ok(offset >= FIRST && offset <= FIRST + 2);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what compressed bytes inflate to, before they do', () => {
  const samples = [
    Buffer.alloc(0),
    RECORDS,
    Buffer.alloc(3_000_000, 'ab'),
    Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * i) % 251)),
  ];

  it('lz4', () => {
    for (const sample of samples) {
      const frame = compressFrameSync(sample);
      assert.equal(inflatedLz4Bytes(frame, Number.POSITIVE_INFINITY), sample.length);
      if (sample.length > 1000) assert.ok(inflatedLz4Bytes(frame, 1000) > 1000);
    }
  });

  it('snappy', async () => {
    for (const sample of samples) {
      const bytes = Buffer.from(await snappy().compress({ buffer: sample }));
      assert.equal(inflatedSnappyBytes(bytes), sample.length);
      const size = Buffer.alloc(4);
      size.writeUInt32BE(bytes.length);
      const xerial = Buffer.from([130, 83, 78, 65, 80, 80, 89, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
      assert.equal(inflatedSnappyBytes(Buffer.concat([xerial, size, bytes, size, bytes])), 2 * sample.length);
    }
  });
});
