import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import avsc from 'avsc';
import fc from 'fast-check';
import { crc64Avro } from '../../../lib/adapters/avro/fingerprint.ts';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import { LIMITS } from '../../../lib/core/events/index.ts';
import type { AnnouncementMessage } from '../../../lib/core/messages/types.ts';

const SCHEMAS = join(import.meta.dirname, '..', '..', '..', 'schemas');
const temporary: string[] = [];
after(() => {
  for (const directory of temporary) rmSync(directory, { recursive: true });
});

type Json = Record<string, unknown>;
const schemaOf = (file: string): Json => JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as Json;

/** Bytes as any other Avro library writes them. */
function single(schema: Json, value: unknown): Buffer {
  const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'always' });
  const header = Buffer.from([0xc3, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64LE(crc64Avro(JSON.stringify(type.schema())), 2);
  return Buffer.concat([header, type.toBuffer(value)]);
}

const prediction = {
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

const alert: AlertEvent = {
  episode: 'e1',
  revision: 2,
  state: 'firing',
  monitor: 'mon',
  model: 'm',
  version: '1',
  role: 'champion',
  segment: 'region=MA',
  severity: 'error',
  since: 1540922400000,
  asOf: 1540922500000,
  incident: 'i1',
  members: [
    {
      feature: 'x',
      metric: 'psi',
      definition: 'psi/quantile10@1',
      score: 0.3,
      effect: 0.29,
      threshold: 0.1,
      pValue: null,
      since: 1,
      windowStart: 2,
      windowEnd: 3,
      baseline: '2018',
      nCurrent: 500,
      nBaseline: 1000,
      explanation: 'moved',
    },
  ],
  reason: 'first firing',
  advice: 'look',
};

const announcements: AnnouncementMessage[] = [
  { kind: 'progress', topic: 't', incarnation: 'i', partition: 1, reach: 10, passed: 5, arrived: -1, replaying: true },
  {
    kind: 'windows',
    topic: 't',
    incarnation: 'i',
    partition: 1,
    reach: 10,
    model: 'm',
    windows: [{ version: '1', role: 'champion', start: 0, end: 10 }],
  },
];

for (const encoding of ['json', 'avro'] as const) {
  test(`alerts and announcements come back as they went, by either codec: ${encoding}`, () => {
    const writer = createCodec({ encoding });
    for (const reader of [createCodec({ encoding: 'json' }), codec]) {
      assert.deepEqual(reader.decodeAlert(writer.encodeAlert(alert)), alert);
      for (const message of announcements) {
        assert.deepEqual(reader.decodeAnnouncement(writer.encodeAnnouncement(message)), message);
      }
    }
    assert.throws(() => writer.decodeAlert(Buffer.from('{"episode": 1}')), /episode: not a text/);
    assert.throws(() => writer.decodeAlert(Buffer.from('nonsense')), /malformed_json/);
  });
}

test('alerts in JSON have snake_case names; dead letters keep the bytes as base64', () => {
  const writer = createCodec({ encoding: 'json' });
  const json = JSON.parse(writer.encodeAlert(alert).toString()) as Json;
  assert.deepEqual(Object.keys(json).sort(), [
    'advice',
    'as_of',
    'episode',
    'incident',
    'members',
    'model',
    'monitor',
    'reason',
    'revision',
    'role',
    'segment',
    'severity',
    'since',
    'state',
    'version',
  ]);
  const letter = {
    code: 'empty',
    path: '',
    message: '',
    topic: 't',
    incarnation: 'i',
    partition: 0,
    offset: 3,
    timestamp: 4,
    key: null,
    value: Buffer.from([0xff]),
  };
  assert.equal((JSON.parse(writer.encodeDeadLetter(letter).toString()) as Json).value_base64, '/w==');
  const type = avsc.Type.forSchema(schemaOf('dead-letter.avsc') as avsc.Schema);
  assert.deepEqual((type.fromBuffer(codec.encodeDeadLetter(letter).subarray(10)) as typeof letter).value, letter.value);
});

/** A copy of the schemas with one more in its history. */
function withHistory(name: string, schema: Json): string {
  const directory = mkdtempSync(join(tmpdir(), 'driftline-schemas-'));
  temporary.push(directory);
  cpSync(SCHEMAS, directory, { recursive: true });
  mkdirSync(join(directory, 'history'), { recursive: true });
  writeFileSync(join(directory, 'history', name), JSON.stringify(schema));
  return directory;
}

test('bytes of an older writer: absent fields take their defaults', () => {
  const schema = schemaOf('prediction.avsc');
  const fields = (schema.fields as { name: string }[]).filter(
    ({ name }) => !['role', 'segments', 'attributions'].includes(name),
  );
  const older = { ...schema, fields };
  const reader = createCodec({ encoding: 'avro', schemas: withHistory('prediction-0.avsc', older) });
  const decoded = reader.decodePrediction(single(older, prediction));
  assert.ok(decoded.ok);
  assert.deepEqual([decoded.value.role, decoded.value.segments.size, decoded.value.features.size], ['champion', 0, 6]);
});

test('bytes of a newer writer: fields this version does not know are left out, a new state is unknown', () => {
  const schema = schemaOf('prediction.avsc');
  const newer = { ...schema, fields: [{ name: 'tenant', type: 'string' }, ...(schema.fields as Json[])] };
  const reader = createCodec({ encoding: 'avro', schemas: withHistory('prediction-2.avsc', newer) });
  const decoded = reader.decodePrediction(single(newer, { ...prediction, tenant: 'a' }));
  assert.deepEqual(decoded, codec.decodePrediction(single(schema, prediction)));

  const alerts = schemaOf('alert.avsc');
  const state = { type: 'enum', name: 'AlertState', symbols: ['snoozed', 'unknown'], default: 'unknown' };
  const newerAlert = {
    ...alerts,
    fields: (alerts.fields as Json[]).map((field) => (field.name === 'state' ? { ...field, type: state } : field)),
  };
  const alertReader = createCodec({ encoding: 'avro', schemas: withHistory('alert-2.avsc', newerAlert) });
  const message = {
    episode: 'e',
    revision: 1,
    state: 'snoozed',
    monitor: 'm',
    model: 'm',
    version: '',
    role: 'r',
    segment: '',
    severity: 'error',
    since: 1,
    as_of: 1,
    incident: null,
    members: [],
    reason: '',
    advice: '',
  };
  assert.equal(alertReader.decodeAlert(single(newerAlert, message)).state, 'unknown');
  assert.equal(codec.decodeAlert(Buffer.from(JSON.stringify(message))).state, 'unknown');
});

test('schemas that cannot be used are refused at the start, by file', () => {
  const bomb = { type: 'record', name: 'Label', fields: [{ name: 'a', type: { type: 'array', items: 'null' } }] };
  assert.throws(
    () => createCodec({ encoding: 'json', schemas: withHistory('bomb.avsc', bomb) }),
    /bomb\.avsc.*without bytes/,
  );
  const incompatible = { type: 'record', name: 'Label', namespace: 'driftline', fields: [] };
  assert.throws(() => createCodec({ encoding: 'json', schemas: withHistory('x.avsc', incompatible) }), /x\.avsc/);
});
