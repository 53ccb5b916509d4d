import type { LogRecord } from '../../ports/log.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** A record on its way into the log: bytes made, timestamp set. */
export interface PreparedRecord {
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly (readonly [name: string, value: Buffer])[];
}

/** Consecutive records of one partition, stored under their first offset. */
export interface EncodedBatch {
  baseOffset: number;
  count: number;
  bytes: Buffer;
}

const FORMAT = 1;
const MAX_BATCH_BYTES = 64 * 1024;
const MAX_BATCH_RECORDS = 1000;
const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze(Object.create(null));

/**
 * Cuts records into batches of at most 64 KiB (a greater record stands alone) and 1,000 records.
 * Layout: u8 format, u32 count, f64 greatest timestamp, then a record after the other: signed timestamp minus the one
 * before, key, value, header count, (name, value)*; little endian, lengths as LEB128 + 1, 0 = null.
 */
export function encodeBatches(
  writer: ByteWriter,
  baseOffset: number,
  records: readonly PreparedRecord[],
): EncodedBatch[] {
  const batches: EncodedBatch[] = [];
  let first = 0;
  while (first < records.length) {
    const count = writeRecords(writer, records, first);
    batches.push({ baseOffset: baseOffset + first, count, bytes: sealBatch(writer, records, first, count) });
    first += count;
  }
  return batches;
}

const HEADER_BYTES = 13;

function writeRecords(writer: ByteWriter, records: readonly PreparedRecord[], first: number): number {
  writer.reset();
  let previous = 0;
  let index = first;
  while (index < records.length && index - first < MAX_BATCH_RECORDS && writer.length < MAX_BATCH_BYTES) {
    const record = records[index]!;
    writer.signed(record.timestamp - previous);
    previous = record.timestamp;
    writer.bytes(record.key);
    writer.bytes(record.value);
    writer.varint(record.headers.length);
    for (const [name, value] of record.headers) {
      writer.bytes(Buffer.from(name));
      writer.bytes(value);
    }
    index += 1;
  }
  return index - first;
}

function sealBatch(writer: ByteWriter, records: readonly PreparedRecord[], first: number, count: number): Buffer {
  let greatest = Number.NEGATIVE_INFINITY;
  for (let i = first; i < first + count; i += 1) greatest = Math.max(greatest, records[i]!.timestamp);
  const body = writer.view();
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  bytes.writeUInt8(FORMAT, 0);
  bytes.writeUInt32LE(count, 1);
  bytes.writeDoubleLE(greatest, 5);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

export function batchCount(batch: Buffer): number {
  return batch.readUInt32LE(1);
}

/** Greatest record timestamp in the batch, ms. */
export function batchTimestamp(batch: Buffer): number {
  return batch.readDoubleLE(5);
}

/** Appends the batch's records from `from` on to `into`. Keys and values are views of `batch`. */
export function decodeBatch(batch: Buffer, baseOffset: number, from: number, into: LogRecord[]): void {
  if (batch[0] !== FORMAT) throw new Error(`embedded log: unknown record format ${batch[0]} at offset ${baseOffset}`);
  const reader = new ByteReader(batch, HEADER_BYTES);
  const end = baseOffset + batchCount(batch);
  let timestamp = 0;
  for (let offset = baseOffset; offset < end; offset += 1) {
    timestamp += reader.signed();
    const key = reader.bytes();
    const value = reader.bytes();
    const headers = readHeaders(reader);
    if (offset >= from) into.push({ offset, timestamp, key, value, headers });
  }
}

function readHeaders(reader: ByteReader): Readonly<Record<string, Buffer>> {
  const count = reader.varint();
  if (count === 0) return NO_HEADERS;
  const headers: Record<string, Buffer> = Object.create(null);
  for (let i = 0; i < count; i += 1) {
    const name = reader.bytes();
    const value = reader.bytes();
    if (name !== null && value !== null) headers[name.toString()] = value;
  }
  return headers;
}
