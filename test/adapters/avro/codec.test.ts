import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc64Avro } from '../../../lib/adapters/avro/fingerprint.ts';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { prediction, schemaOf, single } from './samples.ts';

const codec = createCodec({ encoding: 'avro' });

test('fingerprints are those of the Avro specification', () => {
  // From avro/share/test/data/schema-tests.txt.
  const expected: [string, bigint][] = [
    ['"null"', 7195948357588979594n],
    ['"boolean"', -6970731678124411036n],
    ['"int"', 8247732601305521295n],
    ['"long"', -3434872931120570953n],
    ['"string"', -8142146995180207161n],
  ];
  for (const [schema, fingerprint] of expected) assert.equal(BigInt.asIntN(64, crc64Avro(schema)), fingerprint, schema);
});

test('a prediction in single-object encoding is the same event as its JSON', () => {
  const avro = codec.decodePrediction(single(schemaOf('prediction.avsc'), prediction));
  const json = codec.decodePrediction(
    Buffer.from(
      JSON.stringify({
        prediction_id: 'p1',
        model: 'car-loan',
        version: '1',
        timestamp: 1540922400000,
        features: { car_value: 12638.5, age: null, term: 36, repaid: false, salary: '0 - 20K €', vec: [0.1, 0.2] },
        prediction: { label: '1', score: 0.99, probabilities: { 1: 0.99 } },
        segments: { region: 'MA' },
        latency_ms: 12.5,
        label: 1,
      }),
    ),
  );
  assert.ok(json.ok);
  assert.deepEqual(avro, json);
});

test('a label in single-object encoding', () => {
  const label = { prediction_id: 'p1', model: 'm', label: { string: 'yes' }, timestamp: 5 };
  assert.deepEqual(codec.decodeLabel(single(schemaOf('label.avsc'), label)), {
    ok: true,
    value: { predictionId: 'p1', model: 'm', label: 'yes', timestamp: 5 },
  });
});

test('a feature called __proto__ is a feature like another, in both encodings', () => {
  const features = Object.fromEntries([
    ['__proto__', { double: 1 }],
    ['constructor', { double: 2 }],
  ]);
  // avsc itself writes a map from its own enumerable keys.
  const avro = codec.decodePrediction(single(schemaOf('prediction.avsc'), { ...prediction, features }));
  const json = codec.decodePrediction(
    Buffer.from('{"prediction_id":"p","model":"m","timestamp":1,"features":{"__proto__":1,"constructor":2}}'),
  );
  for (const decoded of [avro, json]) {
    assert.ok(decoded.ok);
    assert.deepEqual(
      [...decoded.value.features],
      [
        ['__proto__', 1],
        ['constructor', 2],
      ],
    );
  }
});

test('NaN and infinities come through Avro, and longs beyond 2^53 as the nearest double', () => {
  const schema = schemaOf('prediction.avsc');
  const features = { nan: { double: Number.NaN }, inf: { double: Number.NEGATIVE_INFINITY }, big: { long: 1 } };
  const bytes = single(schema, { ...prediction, features });
  const decoded = codec.decodePrediction(bytes);
  assert.ok(decoded.ok);
  assert.deepEqual([...decoded.value.features.values()], [Number.NaN, Number.NEGATIVE_INFINITY, 1]);
  const label = single(schemaOf('label.avsc'), { prediction_id: 'p', model: 'm', label: { long: 1 }, timestamp: 1 });
  // The label's long 1 is the byte 0x02 after the branch index 0x02; a ten-byte varint in its place is 2^62.
  const at = label.length - 2;
  const big = Buffer.concat([
    label.subarray(0, at),
    Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
    label.subarray(at + 1),
  ]);
  assert.deepEqual(codec.decodeLabel(big).ok && codec.decodeLabel(big), {
    ok: true,
    value: { predictionId: 'p', model: 'm', label: 2 ** 62, timestamp: 1 },
  });
});
