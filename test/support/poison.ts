import { crc64Avro } from '../../lib/adapters/avro/fingerprint.ts';

/** A value for the predictions topic, and the code it must be refused with; null: it is a good event. */
export interface Poison {
  name: string;
  value: Buffer | null;
  code: string | null;
}

type Json = Record<string, unknown>;

const BASE = { prediction_id: 'p', model: 'poison', timestamp: 1_700_000_000_000, features: { x: 1 } };

/** Header of Avro single-object encoding for the bytes of a schema. */
export function avroHeader(canonical: string): Buffer {
  const header = Buffer.alloc(10);
  header.writeUInt16BE(0xc301, 0);
  header.writeBigUInt64LE(crc64Avro(canonical), 2);
  return header;
}

/** A zig-zag number as Avro writes it. */
export function avroLong(value: number): Buffer {
  const bytes: number[] = [];
  let left = BigInt(value) < 0n ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Buffer.from(bytes);
}

const text = (value: string): Buffer => Buffer.concat([avroLong(Buffer.byteLength(value)), Buffer.from(value)]);

/** An Avro prediction up to its features, whose bytes follow. */
function avroUpTo(header: Buffer, timestamp: number, ...rest: Buffer[]): Buffer {
  return Buffer.concat([header, text('p'), text('poison'), text('1'), text('champion'), avroLong(timestamp), ...rest]);
}

/** What follows the features where everything is absent: prediction, request id, segments, protected … attributions. */
const AVRO_REST = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0]);

function avroFeature(name: string, branch: number, value: Buffer): Buffer {
  return Buffer.concat([avroLong(1), text(name), avroLong(branch), value, avroLong(0)]);
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

/**
 * Poison for the predictions topic: JSON and Avro that is cut off, lies about sizes, is too large, nests deep, or is odd and
 * yet good. `now` is the event time of the good ones; `canonical` the canonical text of the prediction's schema.
 */
export function poison(now: number, canonical: string): Poison[] {
  return [...jsonPoison({ ...BASE, timestamp: now }), ...avroPoison(avroHeader(canonical), now)];
}

function jsonPoison(base: Json): Poison[] {
  const event = (more: object): string => JSON.stringify({ ...base, ...more });
  const feature = (value: string): string => event({}).replace('"x":1', `"x":${value}`);
  const keys = (count: number): Json => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
  const all: [name: string, value: string | Buffer | null, code: string | null][] = [
    ['no value', null, 'empty'],
    ['cut off', event({}).slice(0, -7), 'malformed_json'],
    ['no UTF-8', Buffer.concat([Buffer.from(event({})), Buffer.from([0xff])]), 'malformed_json'],
    ['overlong UTF-8', Buffer.from(event({ version: 'a' }).replace('"a"', '"\xc0\xaf"'), 'latin1'), 'malformed_json'],
    ['a byte order mark', `\ufeff${event({})}`, 'malformed_json'],
    ['NaN', feature('NaN'), 'malformed_json'],
    ['-Infinity', feature('-Infinity'), 'malformed_json'],
    ['hexadecimal', feature('0x10'), 'malformed_json'],
    ['two events', `${event({})} ${event({})}`, 'malformed_json'],
    ['a NUL', `${event({})}\0`, 'malformed_json'],
    ['brackets without end', '['.repeat(500_000), 'malformed_json'],
    ['brackets', '['.repeat(200_000) + ']'.repeat(200_000), 'wrong_type'],
    ['a deep feature', feature('['.repeat(100_000) + ']'.repeat(100_000)), 'wrong_type'],
    ['a deep object', feature(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`), 'wrong_type'],
    ['a deep unknown field', event({}).replace('{', `{"new":${'['.repeat(100_000)}${']'.repeat(100_000)},`), null],
    ['a text', '"hello"', 'wrong_type'],
    ['null', 'null', 'wrong_type'],
    ['a number', '1', 'wrong_type'],
    ['features a text', event({ features: 'x' }), 'wrong_type'],
    ['features an array', event({ features: [1, 2] }), 'wrong_type'],
    ['a vector of texts', event({ features: { x: [1, 'a'] } }), 'wrong_type'],
    ['no id', event({ prediction_id: null }), 'missing_field'],
    ['an empty id', event({ prediction_id: '' }), 'missing_field'],
    ['no features', event({ features: null }), 'missing_field'],
    ['a path for a model', event({ model: '../../etc/passwd' }), 'bad_name'],
    ['a model of 129 characters', event({ model: 'm'.repeat(129) }), 'bad_name'],
    ['a line feed in a feature', event({ features: { 'a\nb': 1 } }), 'bad_name'],
    ['a reserved feature', event({ features: { 'prediction.score': 1 } }), 'bad_name'],
    ['no name', event({ features: { '': 1 } }), 'bad_name'],
    ['the year 10000', event({ timestamp: 253_402_300_800_000 }), 'bad_timestamp'],
    ['a time below zero', event({ timestamp: -1 }), 'bad_timestamp'],
    ['a time beyond doubles', event({ timestamp: 0 }).replace('"timestamp":0', '"timestamp":1e400'), 'bad_timestamp'],
    ['30 February', event({ timestamp: '2024-02-30' }), 'bad_timestamp'],
    ['10001 keys', event({ features: keys(10_001) }), 'too_large'],
    ['10001 segments', event({ segments: keys(10_001) }), 'too_large'],
    ['10^5 keys, more than a megabyte', event({ features: keys(100_000) }), 'too_large'],
    ['a name of 257', event({ features: { ['n'.repeat(257)]: 1 } }), 'too_large'],
    ['an id of 257', event({ prediction_id: 'i'.repeat(257) }), 'too_large'],
    ['a text of 65537', event({ features: { x: 't'.repeat(65_537) } }), 'too_large'],
    ['a vector of 8193', event({ features: { x: Array.from({ length: 8_193 }, () => 0) } }), 'too_large'],
    ['a byte above a megabyte', event({ error: '' }).padEnd(1_048_577), 'too_large'],
    ['__proto__', event({}).replace('"x":1', '"__proto__":1'), null],
    ['__proto__ an object', event({}).replace('"x":1', '"__proto__":{"polluted":1}'), 'wrong_type'],
    ['__proto__ outside', event({}).replace('{', '{"__proto__":{"model":"polluted"},'), null],
    ['constructor', event({ features: { constructor: 1, prototype: 2, toString: 3, hasOwnProperty: 4 } }), null],
    ['huge exponents', feature('1e400'), null],
    ['tiny exponents', feature('1e-400'), null],
    ['five hundred digits', feature('9'.repeat(500)), null],
    ['minus zero', feature('-0'), null],
    ['a lone surrogate', feature('"\\ud800"'), null],
    ['a key twice', event({}).replace('"x":1', '"x":"a","x":1'), null],
    ['all at the limits', event({ features: { ['n'.repeat(256)]: 't'.repeat(65_536) } }), null],
  ];
  return all.map(([name, value, code]) => ({
    name,
    value: value === null ? null : Buffer.from(value),
    code,
  }));
}

function avroPoison(header: Buffer, now: number): Poison[] {
  const good = avroUpTo(header, now, avroFeature('x', 3, double(1)), AVRO_REST);
  const claims = (count: number): Buffer => avroUpTo(header, now, avroLong(count));
  const vector = (count: number): Buffer =>
    avroUpTo(header, now, avroLong(1), text('x'), avroLong(5), avroLong(count), Buffer.alloc(3));
  const entries = Array.from({ length: 10_001 }, (_, i) => Buffer.concat([text(`k${i}`), avroLong(0)]));
  const all: [name: string, value: Buffer, code: string | null][] = [
    ['Avro', good, null],
    ['Avro NaN', avroUpTo(header, now, avroFeature('x', 3, double(Number.NaN)), AVRO_REST), null],
    ['Avro infinity', avroUpTo(header, now, avroFeature('x', 3, double(Number.NEGATIVE_INFINITY)), AVRO_REST), null],
    ['Avro __proto__', avroUpTo(header, now, avroFeature('__proto__', 3, double(1)), AVRO_REST), null],
    ['Avro beyond 2^53', avroUpTo(header, now, avroFeature('x', 2, avroLong(2 ** 60)), AVRO_REST), null],
    ['Avro cut off', good.subarray(0, good.length - 3), 'malformed_avro'],
    ['Avro header alone', header, 'malformed_avro'],
    ['Avro half a header', header.subarray(0, 5), 'malformed_avro'],
    ['Avro and more', Buffer.concat([good, Buffer.from([0])]), 'malformed_avro'],
    ['Avro version 2', Buffer.from([0xc3, 0x02, 1, 2, 3]), 'malformed_avro'],
    ['another schema', Buffer.concat([header.subarray(0, 2), Buffer.alloc(8, 7), good.subarray(10)]), 'unknown_schema'],
    ['Confluent', Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), good.subarray(10)]), 'unknown_schema'],
    ['five bytes that say 50 million entries', Buffer.concat([claims(50_000_000), Buffer.from([0])]), 'malformed_avro'],
    ['five bytes that say 50 million numbers', vector(50_000_000), 'malformed_avro'],
    ['a count of 2^62', claims(2 ** 62), 'malformed_avro'],
    ['a negative count', claims(-50_000_000), 'malformed_avro'],
    ['a negative length', avroUpTo(header, now, avroLong(1), avroLong(-5)), 'malformed_avro'],
    ['a text of 2^40', avroUpTo(header, now, avroLong(1), avroLong(2 ** 40)), 'malformed_avro'],
    ['no such branch', avroUpTo(header, now, avroFeature('x', 9, double(1)), AVRO_REST), 'malformed_avro'],
    ['a number without end', avroUpTo(header, now, Buffer.alloc(30, 0xff)), 'malformed_avro'],
    [
      'Avro with 10001 entries',
      avroUpTo(header, now, avroLong(10_001), ...entries, avroLong(0), AVRO_REST),
      'too_large',
    ],
    ['Avro of a megabyte and more', Buffer.concat([good, Buffer.alloc(1_048_576)]), 'too_large'],
  ];
  return all.map(([name, value, code]) => ({ name, value, code }));
}
