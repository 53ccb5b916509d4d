import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import { crc64Avro } from '../../lib/adapters/avro/fingerprint.ts';
import type { FeatureValue } from '../../lib/core/events/types.ts';

export const BATCH_SCHEMA = JSON.parse(
  readFileSync(new URL('../../schemas/prediction-batch.avsc', import.meta.url), 'utf8'),
) as avsc.Schema;
export const batchType = avsc.Type.forSchema(BATCH_SCHEMA);

export interface Column {
  name: string;
  kind: string;
  values: Buffer;
  dictionary: string[];
  missing: Buffer;
}

export interface Batch {
  model: string;
  version: string;
  role: string;
  prediction_ids: string[];
  timestamps: Buffer;
  columns: Column[];
}

/** Bytes under the single-object header of a schema. */
export function singleObject(type: avsc.Type, value: unknown): Buffer {
  const header = Buffer.from([0xc3, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64LE(crc64Avro(JSON.stringify(type.schema())), 2);
  return Buffer.concat([header, type.toBuffer(value)]);
}

export function numeric(name: string, values: readonly number[], missing: readonly number[] = []): Column {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [row, value] of values.entries()) bytes.writeDoubleLE(value, row * 8);
  return { name, kind: 'numeric', values: bytes, dictionary: [], missing: Buffer.from(missing) };
}

export function boolean(name: string, values: readonly number[], missing: readonly number[] = []): Column {
  return { name, kind: 'boolean', values: Buffer.from(values), dictionary: [], missing: Buffer.from(missing) };
}

export function categorical(
  name: string,
  dictionary: string[],
  values: readonly number[],
  missing: readonly number[] = [],
): Column {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [row, value] of values.entries()) bytes.writeUInt32LE(value, row * 4);
  return { name, kind: 'categorical', values: bytes, dictionary, missing: Buffer.from(missing) };
}

export function times(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [row, value] of values.entries()) bytes.writeBigInt64LE(BigInt(value), row * 8);
  return bytes;
}

/** The value that a row of a column stands for. */
export function valueAt({ kind, values, dictionary, missing }: Column, row: number): FeatureValue {
  if (missing[row] === 1) return null;
  if (kind === 'numeric') return values.readDoubleLE(row * 8);
  return kind === 'boolean' ? values[row] === 1 : dictionary[values.readUInt32LE(row * 4)]!;
}

/** A row as a producer of JSON would send it, NaN and infinities aside. */
export function eventAt(batch: Batch, row: number): Record<string, unknown> {
  const value = (name: string): FeatureValue => {
    const column = batch.columns.find((one) => one.name === name);
    return column === undefined ? null : valueAt(column, row);
  };
  const outside = ['prediction.score', 'prediction.label', 'prediction.value', 'latency_ms'];
  const isSegment = ({ name }: Column) => name.startsWith('segment.');
  const features = batch.columns.filter((column) => !outside.includes(column.name) && !isSegment(column));
  return {
    prediction_id: batch.prediction_ids[row],
    model: batch.model,
    version: batch.version,
    role: batch.role,
    timestamp: Number(batch.timestamps.readBigInt64LE(row * 8)),
    features: new Map(features.map((column) => [column.name, valueAt(column, row)])),
    prediction: {
      score: value('prediction.score'),
      label: value('prediction.label'),
      value: value('prediction.value'),
    },
    segments: new Map(
      batch.columns.filter(isSegment).map((column) => [column.name.slice('segment.'.length), valueAt(column, row)]),
    ),
    latency_ms: value('latency_ms'),
  };
}
