import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import avsc from 'avsc';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { predictionToJson } from '../../../lib/core/events/to-json.ts';
import type { Decoded } from '../../../lib/core/events/types.ts';
import { Random } from '../../faults/support/random.ts';
import { avroLong, poison } from '../../support/poison.ts';

const SEED = Number(process.env.DRIFTLINE_TEST_SEED ?? 1);
const MUTANTS = Number(process.env.DRIFTLINE_TEST_MUTANTS ?? 3_000);
const CODES = [
  'malformed_json',
  'malformed_avro',
  'unknown_schema',
  'missing_field',
  'wrong_type',
  'bad_name',
  'bad_timestamp',
  'too_large',
  'empty',
];
const SCHEMA = join(import.meta.dirname, '..', '..', '..', 'schemas', 'prediction.avsc');
const canonical = JSON.stringify(avsc.Type.forSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')) as avsc.Schema).schema());
const CORPUS = poison(1_700_000_000_000, canonical);
const codec = createCodec({ encoding: 'json' });

test('each value of the corpus is refused with its code, or right', () => {
  for (const { name, value, code } of CORPUS) {
    const decoded = codec.decodePrediction(value ?? Buffer.alloc(0));
    assert.equal(decoded.ok ? null : decoded.rejection.code, code, name);
  }
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

/** What makes a number, a text, a count or a nesting hostile. */
const SPLICES: readonly Buffer[] = [
  avroLong(50_000_000),
  avroLong(-50_000_000),
  avroLong(2 ** 62),
  Buffer.alloc(10, 0xff),
  Buffer.from([0xc3, 0x01]),
  Buffer.from('"__proto__":'),
  Buffer.from('[[[[[[[[[[{{{{{{'),
  Buffer.from('1e999999999'),
  Buffer.from('\\ud800'),
  Buffer.from('\u0000\u001f\u007f'),
  Buffer.from([0xf8, 0x88, 0x80, 0x80, 0x80]),
  Buffer.from('NaN'),
  Buffer.alloc(2_000, '['),
  Buffer.alloc(100_000, '9'),
];

function mutant(random: Random): Buffer {
  const base = random.pick(CORPUS).value ?? Buffer.alloc(0);
  // Of the long ones a part: most of their bytes are alike.
  let bytes: Buffer = Buffer.from(base.subarray(0, 40_000));
  for (let rounds = random.between(1, 4); rounds > 0; rounds--) bytes = mutate(bytes, random);
  return bytes;
}

function mutate(bytes: Buffer, random: Random): Buffer {
  const at = random.between(0, bytes.length);
  switch (random.between(0, 4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: {
      if (at < bytes.length) bytes[at]! ^= 1 << random.between(0, 7);
      return bytes;
    }
    case 2:
      return Buffer.concat([bytes.subarray(0, at), random.pick(SPLICES), bytes.subarray(at)]);
    case 3: {
      const other = random.pick(CORPUS).value ?? Buffer.alloc(0);
      return Buffer.concat([
        bytes.subarray(0, at),
        other.subarray(random.between(0, Math.min(2_000, other.length)), 4_000),
      ]);
    }
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.between(at, bytes.length))]);
  }
}

/** A refusal names what and where; a good event reads the same again. */
function check(decoded: Decoded<unknown>, again: (value: never) => unknown): void {
  if (decoded.ok) {
    again(decoded.value as never);
    return;
  }
  const { code, path, message } = decoded.rejection;
  assert.ok(CODES.includes(code), code);
  assert.ok(
    message !== '' && message.length < 2_000 && path.length < 2_000,
    `${code} ${path.length} ${message.length}`,
  );
}

test(`${MUTANTS} mutants of the corpus: none throws, each is refused with a code or right, in bounded time and memory`, () => {
  const random = new Random(SEED);
  const before = process.memoryUsage().rss;
  let good = 0;
  let slowest = 0;
  for (let i = 0; i < MUTANTS; i++) {
    const bytes = mutant(random);
    const began = process.cpuUsage();
    const label = codec.decodeLabel(bytes);
    const prediction = codec.decodePrediction(bytes);
    const { user } = process.cpuUsage(began);
    slowest = Math.max(slowest, user);
    check(label, () => {});
    check(prediction, (value) => {
      good += 1;
      const text = JSON.stringify(predictionToJson(value));
      // JSON has no NaN and no infinities.
      if (allFinite(value)) assert.equal(JSON.stringify(predictionToJson(reread(text) as never)), text);
    });
  }
  const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
  assert.ok(good > 0 && good < MUTANTS, `${good} good of ${MUTANTS}`);
  assert.ok(slowest < 2_000_000, `the slowest took ${slowest} µs of the processor`);
  assert.ok(grown < 300, `memory grew by ${grown} MB; seed ${SEED}`);
});

/** Whether all its numbers are. */
function allFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  const items = value instanceof Map ? [...value.values()] : Object.values(value);
  return items.every(allFinite);
}

function reread(text: string): unknown {
  const decoded = codec.decodePrediction(Buffer.from(text));
  assert.ok(decoded.ok, JSON.stringify(decoded).slice(0, 500));
  return decoded.value;
}
