import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import avsc from 'avsc';
import { crc64Avro } from '../../../lib/adapters/avro/fingerprint.ts';

export const SCHEMAS = join(import.meta.dirname, '..', '..', '..', 'schemas');

export type Json = Record<string, unknown>;
/** A shipped schema. */
export const schemaOf = (file: string): Json => JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as Json;

/** Bytes as any other Avro library writes them. */
export function single(schema: Json, value: unknown): Buffer {
  const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'always' });
  const header = Buffer.from([0xc3, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64LE(crc64Avro(JSON.stringify(type.schema())), 2);
  return Buffer.concat([header, type.toBuffer(value)]);
}

/** As avsc writes it: unions are wrapped. */
export const prediction = {
  prediction_id: 'p1',
  model: 'car-loan',
  version: '1',
  role: 'champion',
  timestamp: 1540922400000,
  features: {
    car_value: { double: 12638.5 },
    age: null,
    term: { long: 36 },
    repaid: { boolean: false },
    salary: { string: '0 - 20K €' },
    vec: { array: [0.1, 0.2] },
  },
  prediction: {
    'driftline.Output': {
      label: { string: '1' },
      score: { double: 0.99 },
      value: null,
      probabilities: { map: { 1: 0.99 } },
    },
  },
  request_id: null,
  segments: { region: 'MA' },
  protected: {},
  latency_ms: { double: 12.5 },
  error: null,
  label: { long: 1 },
  attributions: null,
};
