import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS, parseLabel, parsePrediction } from '../../../lib/core/events/index.ts';
import { predictionToJson, predictionToText } from '../../../lib/core/events/to-json.ts';

const MINIMAL = { prediction_id: 'p1', model: 'car-loan', timestamp: 1540922400000, features: { x: 1 } };

/** `ok`, or code and path of the rejection. */
function verdict(json: unknown): string {
  const parsed = parsePrediction(json);
  return parsed.ok ? 'ok' : `${parsed.rejection.code} ${parsed.rejection.path}`;
}

test('the full event of the documentation', () => {
  const parsed = parsePrediction({
    prediction_id: 'p1',
    model: 'car-loan',
    version: '1',
    timestamp: 1540922400000,
    features: { car_value: 12638, salary_range: '0 - 20K €', repaid: false, age: null, vec: [0.1, 0.2] },
    prediction: { label: '1', score: 0.99, probabilities: { 0: 0.01, 1: 0.99 } },
    role: 'champion',
    request_id: 'r1',
    segments: { region: 'MA' },
    protected: { SEX: '1' },
    latency_ms: 12.5,
    error: null,
    attributions: { car_value: 0.3 },
  });
  assert.deepEqual(parsed, {
    ok: true,
    value: {
      predictionId: 'p1',
      model: 'car-loan',
      version: '1',
      role: 'champion',
      timestamp: 1540922400000,
      features: new Map<string, unknown>([
        ['car_value', 12638],
        ['salary_range', '0 - 20K €'],
        ['repaid', false],
        ['age', null],
        ['vec', [0.1, 0.2]],
      ]),
      label: '1',
      score: 0.99,
      value: null,
      probabilities: new Map([
        ['0', 0.01],
        ['1', 0.99],
      ]),
      segments: new Map([['region', 'MA']]),
      protectedAttributes: new Map([['SEX', '1']]),
      latencyMs: 12.5,
      error: null,
      requestId: 'r1',
      truth: null,
      attributions: new Map([['car_value', 0.3]]),
    },
  });
});

test('what is required, and what is not', () => {
  assert.equal(verdict(MINIMAL), 'ok');
  assert.equal(verdict({ ...MINIMAL, features: undefined, prediction: { value: 3 } }), 'ok');
  assert.equal(verdict({ ...MINIMAL, features: null }), 'missing_field features');
  for (const field of ['prediction_id', 'model', 'timestamp']) {
    assert.equal(verdict({ ...MINIMAL, [field]: undefined }), `missing_field ${field}`);
    assert.equal(verdict({ ...MINIMAL, [field]: null }), `missing_field ${field}`);
  }
  assert.equal(verdict({ ...MINIMAL, something_new: { deep: [1] } }), 'ok');
});

test('wrong types are named by path', () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ prediction_id: 1 }, 'prediction_id'],
    [{ model: {} }, 'model'],
    [{ version: 1 }, 'version'],
    [{ features: [] }, 'features'],
    [{ features: 'x' }, 'features'],
    [{ features: { x: {} } }, 'features.x'],
    [{ features: { x: [1, 'a'] } }, 'features.x[1]'],
    [{ prediction: 0.5 }, 'prediction'],
    [{ prediction: { score: '0.5' } }, 'prediction.score'],
    [{ prediction: { label: [] } }, 'prediction.label'],
    [{ prediction: { probabilities: { a: 'b' } } }, 'prediction.probabilities.a'],
    [{ segments: { region: {} } }, 'segments.region'],
    [{ latency_ms: 'fast' }, 'latency_ms'],
    [{ error: 7 }, 'error'],
    [{ label: [1] }, 'label'],
    [{ attributions: { x: null, y: true } }, 'attributions.y'],
  ];
  for (const [change, path] of cases) assert.equal(verdict({ ...MINIMAL, ...change }), `wrong_type ${path}`);
  for (const json of [null, 1, 'x', [], undefined]) assert.equal(verdict(json), 'wrong_type ');
});

test('names of dimensions and of features', () => {
  assert.equal(verdict({ ...MINIMAL, model: '1st' }), 'bad_name model');
  assert.equal(verdict({ ...MINIMAL, model: `m${'x'.repeat(128)}` }), 'bad_name model');
  assert.equal(verdict({ ...MINIMAL, model: 'a/b' }), 'bad_name model');
  assert.equal(verdict({ ...MINIMAL, role: 'two words' }), 'bad_name role');
  assert.equal(verdict({ ...MINIMAL, segments: { 'a=b': 'x' } }), 'bad_name segments.a=b');
  assert.equal(verdict({ ...MINIMAL, features: { 'Salary (€), gross': 1, '0': 2, __proto__: 3 } }), 'ok');
  for (const name of ['', 'a\nb', 'latency_ms', 'prediction.score', 'segment.region']) {
    assert.match(verdict({ ...MINIMAL, features: { [name]: 1 } }), /^bad_name features\./);
  }
  assert.match(verdict({ ...MINIMAL, features: { ['x'.repeat(257)]: 1 } }), /^too_large features\./);
});

test('a feature called __proto__ is kept as an own key', () => {
  const parsed = parsePrediction(
    JSON.parse('{"prediction_id":"p","model":"m","timestamp":1,"features":{"__proto__":5}}'),
  );
  assert.ok(parsed.ok);
  assert.deepEqual([...parsed.value.features], [['__proto__', 5]]);
  assert.equal(JSON.stringify(predictionToJson(parsed.value)).includes('"__proto__":5'), true);
});

test('timestamps', () => {
  const good: [unknown, number][] = [
    [0, 0],
    [1540922400000.7, 1540922400000],
    ['2018-10-30T18:00:00Z', 1540922400000],
    ['2018-10-30T18:00:00.123456Z', 1540922400123],
    ['2018-10-30 18:00', 1540922400000],
    ['2018-10-30T20:00:00+02:00', 1540922400000],
    ['2018-10-30T13:30:00-0430', 1540922400000],
    ['2018-10-30', Date.UTC(2018, 9, 30)],
    ['9999-12-31T23:59:59.999Z', 253402300799999],
  ];
  for (const [timestamp, ms] of good) {
    const parsed = parsePrediction({ ...MINIMAL, timestamp });
    assert.equal(parsed.ok && parsed.value.timestamp, ms, String(timestamp));
  }
  const bad = [
    -1,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    253402300800000,
    '',
    'yesterday',
    '1540922400000',
    '2018-02-30',
    '2018-13-01',
    '2018-10-30T24:00',
    '2018-10-30T18:60',
    '0050-01-01',
    '1969-12-31T23:59:59Z',
    '2018-10-30T18:00:00+99:00',
    true,
    {},
    [],
  ];
  for (const timestamp of bad)
    assert.equal(verdict({ ...MINIMAL, timestamp }), 'bad_timestamp timestamp', String(timestamp));
});

test('numbers beyond a double are infinite, not refused; their texts are texts', () => {
  const parsed = parsePrediction(
    JSON.parse('{"prediction_id":"p","model":"m","timestamp":1,"features":{"a":1e999,"b":"NaN"}}'),
  );
  assert.ok(parsed.ok);
  assert.deepEqual([...parsed.value.features.values()], [Number.POSITIVE_INFINITY, 'NaN']);
});

test('sizes are capped', () => {
  const many = Object.fromEntries(Array.from({ length: LIMITS.mapEntries + 1 }, (_, i) => [`f${i}`, i]));
  assert.equal(verdict({ ...MINIMAL, features: many }), 'too_large features');
  assert.equal(verdict({ ...MINIMAL, version: 'v'.repeat(LIMITS.nameLength + 1) }), 'too_large version');
  assert.equal(verdict({ ...MINIMAL, features: { x: 'v'.repeat(LIMITS.textLength + 1) } }), 'too_large features.x');
  assert.equal(
    verdict({ ...MINIMAL, features: { x: Array(LIMITS.vectorLength + 1).fill(0) } }),
    'too_large features.x',
  );
  assert.equal(
    verdict({ ...MINIMAL, segments: { region: 'v'.repeat(LIMITS.nameLength + 1) } }),
    'too_large segments.region',
  );
});

test('lone surrogates, which UTF-8 cannot carry, are replaced', () => {
  const parsed = parsePrediction({
    ...MINIMAL,
    prediction_id: 'a\ud800',
    features: { 'x\udfff': 'y\ud800z', smile: '😀' },
  });
  assert.ok(parsed.ok);
  assert.equal(parsed.value.predictionId, 'a\ufffd');
  assert.deepEqual(
    [...parsed.value.features],
    [
      ['x\ufffd', 'y\ufffdz'],
      ['smile', '😀'],
    ],
  );
});

test('labels', () => {
  const label = { prediction_id: 'p1', model: 'car-loan', label: 1, timestamp: 1541000000000 };
  assert.deepEqual(parseLabel(label), {
    ok: true,
    value: { predictionId: 'p1', model: 'car-loan', label: 1, timestamp: 1541000000000 },
  });
  const codes = [{ label: null }, { label: {} }, { timestamp: -1 }, { model: 'a b' }, { prediction_id: '' }].map(
    (change) => {
      const parsed = parseLabel({ ...label, ...change });
      return parsed.ok ? 'ok' : `${parsed.rejection.code} ${parsed.rejection.path}`;
    },
  );
  assert.deepEqual(codes, [
    'missing_field label',
    'wrong_type label',
    'bad_timestamp timestamp',
    'bad_name model',
    'missing_field prediction_id',
  ]);
});

test('nothing makes the parsers throw, and what they accept survives a round through JSON', () => {
  const json = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.record(
      {
        prediction_id: fc.oneof(fc.string(), fc.jsonValue()),
        model: fc.oneof(fc.constant('m'), fc.jsonValue()),
        timestamp: fc.oneof(fc.nat(), fc.jsonValue()),
        features: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })),
        prediction: fc.oneof(fc.record({ score: fc.double(), label: fc.string() }), fc.jsonValue()),
        segments: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
        label: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(json, (value) => {
      parseLabel(value);
      const parsed = parsePrediction(value);
      if (!parsed.ok) return;
      assert.deepEqual(parsePrediction(predictionToJson(parsed.value)), parsed);
    }),
    { numRuns: 500 },
  );
});

test('numbers that JSON has no word for are texts in the text of an event, not missing values', () => {
  const features = {
    a: Number.NaN,
    b: Number.POSITIVE_INFINITY,
    c: Number.NEGATIVE_INFINITY,
    d: null,
    e: -0.5,
    v: [1, Number.NaN],
  };
  const parsed = parsePrediction({ ...MINIMAL, features });
  assert.ok(parsed.ok);
  const text = JSON.parse(predictionToText(parsed.value)) as { features: object };
  assert.deepEqual(text.features, { a: 'NaN', b: 'Infinity', c: '-Infinity', d: null, e: -0.5, v: [1, 'NaN'] });
});
