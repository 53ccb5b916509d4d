import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { LIMITS } from '../../../lib/core/events/index.ts';
import { prediction, schemaOf, single } from './samples.ts';

const codec = createCodec({ encoding: 'avro' });

test('what cannot be read is refused by code', () => {
  const bytes = single(schemaOf('prediction.avsc'), prediction);
  const unknown = Buffer.from(bytes);
  unknown[5]! ^= 0xff;
  const cases: [Buffer, string][] = [
    [Buffer.alloc(0), 'empty'],
    [Buffer.from([0x00, 0, 0, 0, 1, 2]), 'unknown_schema'],
    [unknown, 'unknown_schema'],
    [
      single(schemaOf('label.avsc'), { prediction_id: 'p', model: 'm', label: { long: 1 }, timestamp: 1 }),
      'unknown_schema',
    ],
    [Buffer.from([0xc3, 0x02]), 'malformed_avro'],
    [Buffer.from([0xc3, 0x01, 1]), 'malformed_avro'],
    [bytes.subarray(0, bytes.length - 1), 'malformed_avro'],
    [Buffer.concat([bytes, Buffer.from([0])]), 'malformed_avro'],
    [Buffer.from('{"a":'), 'malformed_json'],
    [Buffer.from([0x22, 0xff, 0x22]), 'malformed_json'],
    [Buffer.alloc(LIMITS.eventBytes + 1, 0x20), 'too_large'],
  ];
  for (const [value, code] of cases) {
    const decoded = codec.decodePrediction(value);
    assert.equal(decoded.ok ? 'ok' : decoded.rejection.code, code);
  }
});

test('a few bytes never become gigabytes: block counts are checked against what remains', () => {
  const bytes = single(schemaOf('prediction.avsc'), { ...prediction, features: {} });
  // prediction_id, model, version, role and the timestamp, then the count of the features' first block.
  const count = 10 + 3 + 9 + 2 + 9 + 6;
  assert.equal(bytes[count], 0, 'no features: a count of 0');
  for (const bomb of [
    [0x80, 0xe1, 0xeb, 0x17],
    [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x03, 0x02],
  ]) {
    const value = Buffer.concat([bytes.subarray(0, count), Buffer.from(bomb), bytes.subarray(count)]);
    const before = process.memoryUsage().rss;
    const decoded = codec.decodePrediction(value);
    assert.equal(decoded.ok ? 'ok' : decoded.rejection.code, 'malformed_avro');
    assert.ok(process.memoryUsage().rss - before < 50_000_000);
  }
});

test('damaged bytes never throw', () => {
  const bytes = single(schemaOf('prediction.avsc'), prediction);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, byte, length) => {
      const damaged = Buffer.from(bytes.subarray(0, Math.max(1, length)));
      damaged[at % damaged.length] = byte;
      codec.decodePrediction(damaged);
    }),
    { numRuns: 2_000 },
  );
});
