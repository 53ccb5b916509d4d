import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { copyDoubles } from '../../../lib/core/events/batch-columns.ts';
import { PredictionBlock } from '../../../lib/core/events/block.ts';
import { parsePrediction } from '../../../lib/core/events/index.ts';
import { LIMITS } from '../../../lib/core/events/limits.ts';
import { predictionToText } from '../../../lib/core/events/to-json.ts';
import type { Rejection } from '../../../lib/core/events/types.ts';
import {
  type Batch,
  batchType,
  boolean,
  type Column,
  categorical,
  eventAt,
  numeric,
  singleObject,
  times,
} from '../../support/batches.ts';

const codec = createCodec({ encoding: 'json' });
const DAY = 1_540_922_400_000;

function batch(columns: Column[], rows: number, more: Partial<Batch> = {}): Batch {
  const prediction_ids = Array.from({ length: rows }, (_, row) => `p-${row}`);
  const timestamps = times(prediction_ids.map((_, row) => DAY + row));
  return { model: 'car-loan', version: '1', role: 'champion', prediction_ids, timestamps, columns, ...more };
}

function rejection(value: Batch): Rejection {
  const block = new PredictionBlock();
  const outcome = codec.predictionReader({ texts: true }).read(singleObject(batchType, value), 5, 6, block);
  assert.equal(typeof outcome, 'object', `${outcome}`);
  assert.equal(block.length, 0);
  return outcome as Rejection;
}

const WHOLE = batch(
  [
    numeric('car_value', [12638, Number.NaN, Number.POSITIVE_INFINITY, -0], [0, 0, 0, 1]),
    categorical('salary', ['0 - 20K €', '"x"\n', ''], [0, 1, 2, 99], [0, 0, 0, 1]),
    boolean('repaid', [0, 1, 7, 1], [0, 0, 1, 0]),
    numeric('prediction.score', [0.1, 0.2, 0.3, 0.4]),
    categorical('prediction.label', ['yes', 'no'], [0, 0, 1, 1]),
    numeric('prediction.value', [1, 2, 3, 4], [1, 1, 1, 1]),
    categorical('segment.region', ['MA', 'NY'], [0, 1, 1, 0], [0, 0, 1, 0]),
    boolean('segment.new', [0, 1, 0, 1]),
    numeric('latency_ms', [1.5, 2.5, 3.5, 4.5]),
    numeric('__proto__', [1, 2, 3, 4]),
  ],
  4,
  { prediction_ids: ['a', 'ü€', 'c', 'd'] },
);

test('a batch fills a block as its rows would one by one', () => {
  for (const prediction_ids of [['a', 'b', 'c', 'd'], WHOLE.prediction_ids, Array(4).fill('i'.repeat(256))]) {
    const value = { ...WHOLE, prediction_ids: prediction_ids as string[] };
    const block = new PredictionBlock();
    const reader = codec.predictionReader({ texts: true });
    assert.equal(reader.read(singleObject(batchType, value), 5, 6, block), 'read');
    assert.equal(block.length, 4);
    for (let row = 0; row < 4; row++) {
      const parsed = parsePrediction(eventAt(value, row));
      assert.ok(parsed.ok);
      const event = parsed.value;
      const cells = new Map(block.shape.columns.map((name, column) => [name, block.cell(column, row)]));
      for (const [name, expected] of event.features) assert.deepEqual(cells.get(name), expected, name);
      assert.equal(block.shape.features, event.features.size);
      assert.equal(cells.get('prediction.score'), event.score);
      assert.equal(cells.get('prediction.label'), event.label);
      assert.equal(cells.get('prediction.value'), event.value);
      assert.equal(cells.get('latency_ms'), event.latencyMs);
      for (const name of ['region', 'new']) {
        assert.equal(cells.get(`segment.${name}`), event.segments.get(name) ?? null);
      }
      assert.equal(block.id(row), event.predictionId);
      assert.deepEqual(
        [block.timestamps[row], block.models[row], block.versions[row], block.roles[row]],
        [event.timestamp, 'car-loan', '1', 'champion'],
      );
      assert.deepEqual([block.errors[row], block.truths[row], block.sources[row]], [null, null, null]);
      assert.deepEqual([block.offsets[row], block.arrivals[row]], [5, 6]);
      assert.deepEqual(JSON.parse(block.texts[row]!), JSON.parse(predictionToText(event)));
    }
  }
});

test('batches follow one another in a block, between single events, until it is full', () => {
  const reader = codec.predictionReader({ texts: false });
  const block = new PredictionBlock();
  const some = (rows: number, from: number) => {
    const values = Array.from({ length: rows }, (_, row) => from + row);
    const columns = [
      numeric('a', values),
      categorical(
        'b',
        ['x', 'y'],
        values.map((value) => value % 2),
      ),
    ];
    return singleObject(batchType, batch(columns, rows));
  };
  const single = (a: number) =>
    Buffer.from(JSON.stringify({ prediction_id: 'x', model: 'm', timestamp: 7, features: { a, b: 'z' } }));
  assert.equal(reader.read(single(1), 1, 0, block), 'read');
  assert.equal(reader.read(some(3, 10), 2, 0, block), 'read');
  assert.equal(reader.read(single(2), 3, 0, block), 'read');
  assert.equal(reader.read(some(2, 20), 4, 0, block), 'read');
  const rows = (column: number) => Array.from({ length: block.length }, (_, row) => block.cell(column, row));
  assert.deepEqual(rows(0), [1, 10, 11, 12, 2, 20, 21]);
  assert.deepEqual(rows(1), ['z', 'x', 'y', 'x', 'z', 'x', 'y']);
  assert.deepEqual([...block.offsets.subarray(0, 7)], [1, 2, 2, 2, 3, 4, 4]);
  assert.deepEqual(block.id(2), 'p-1');
  assert.deepEqual(block.texts.slice(0, 7), Array(7).fill(null));
  assert.equal(reader.read(some(10_000, 0), 5, 0, block), 'full');
  assert.equal(block.length, 7);
  block.clear();
  assert.equal(reader.read(some(10_000, 0), 5, 0, block), 'read');
  assert.equal(block.cell(0, 9_999), 9_999);
  assert.equal(block.cell(1, 9_999), 'y');
});

test('a batch that is refused leaves nothing behind in the rows that come after it', () => {
  const reader = codec.predictionReader({ texts: false });
  const block = new PredictionBlock();
  const single = (id: string) =>
    Buffer.from(JSON.stringify({ prediction_id: id, model: 'm', timestamp: 7, features: { a: 1, b: 'z' } }));
  assert.equal(reader.read(single('first'), 1, 0, block), 'read');
  const good = singleObject(batchType, batch([numeric('a', [1]), numeric('b', [2])], 1));
  const columns = [categorical('a', ['x'], [0, 0, 0]), categorical('b', ['x'], [0, 0, 9])];
  for (const bad of [
    batch(columns, 3),
    batch([columns[0]!, numeric('b', [1, 2, 3])], 3, { timestamps: times([1, 2, -1]) }),
  ]) {
    assert.equal(typeof reader.read(singleObject(batchType, bad), 2, 0, block), 'object');
    assert.equal(reader.read(single('other'), 3, 0, block), 'read');
    assert.equal(reader.read(good, 4, 0, block), 'read');
  }
  const ids = Array.from({ length: block.length }, (_, row) => block.id(row));
  assert.deepEqual(ids, ['first', 'other', 'p-0', 'other', 'p-0']);
});

test('an empty batch is no event, and no mistake', () => {
  const block = new PredictionBlock();
  const value = singleObject(batchType, batch([numeric('a', [])], 0));
  assert.equal(codec.predictionReader({ texts: true }).read(value, 1, 2, block), 'read');
  assert.equal(block.length, 0);
});

test('whatever is wrong with a batch, none of it is counted, and the rejection says what and where', () => {
  const good = numeric('a', [1, 2]);
  const many = Array.from({ length: LIMITS.batchRows }, () => 0);
  const cases: [Batch, string, string][] = [
    [batch([good], 2, { model: '' }), 'missing_field', 'model'],
    [batch([good], 2, { model: 'a b' }), 'bad_name', 'model'],
    [batch([good], 2, { role: 'a b' }), 'bad_name', 'role'],
    [batch([good], 2, { version: 'v'.repeat(257) }), 'too_large', 'version'],
    [batch([good], 2, { prediction_ids: ['a', ''] }), 'missing_field', 'prediction_ids[1]'],
    [batch([good], 2, { prediction_ids: ['a', 'i'.repeat(257)] }), 'too_large', 'prediction_ids[1]'],
    [batch([good], 2, { prediction_ids: ['a', 'ü'.repeat(257)] }), 'too_large', 'prediction_ids[1]'],
    [batch([good], 2, { prediction_ids: ['a'] }), 'wrong_length', 'timestamps'],
    [batch([good], 2, { timestamps: Buffer.alloc(15) }), 'wrong_length', 'timestamps'],
    [batch([good], 2, { timestamps: times([1, -1]) }), 'bad_timestamp', 'timestamps[1]'],
    [batch([good], 2, { timestamps: times([253_402_300_800_000, 0]) }), 'bad_timestamp', 'timestamps[0]'],
    [batch([good, numeric('b', [1])], 2), 'wrong_length', 'columns[1].values'],
    [batch([good, numeric('b', [1, 2], [0])], 2), 'wrong_length', 'columns[1].missing'],
    [batch([good, numeric('b', [1, 2], [0, 2])], 2), 'wrong_type', 'columns[1].missing[1]'],
    [batch([good, boolean('b', [1, 2])], 2), 'wrong_type', 'columns[1].values[1]'],
    [batch([good, categorical('b', ['x'], [0, 1])], 2), 'bad_index', 'columns[1].values[1]'],
    [batch([good, categorical('b', ['x'.repeat(65_537)], [0, 0])], 2), 'too_large', 'columns[1].dictionary[0]'],
    [batch([good, categorical('segment.x', ['x'.repeat(257)], [0, 0])], 2), 'too_large', 'columns[1].dictionary[0]'],
    [batch([good, numeric('a', [1, 2])], 2), 'bad_name', 'columns[1].name'],
    [batch([good, numeric('', [1, 2])], 2), 'bad_name', 'columns[1].name'],
    [batch([good, numeric('a\n', [1, 2])], 2), 'bad_name', 'columns[1].name'],
    [batch([good, numeric('n'.repeat(257), [1, 2])], 2), 'too_large', 'columns[1].name'],
    [batch([good, numeric('segment.', [1, 2])], 2), 'bad_name', 'columns[1].name'],
    [batch([good, boolean('latency_ms', [1, 0])], 2), 'wrong_type', 'columns[1].kind'],
    [batch([], LIMITS.batchRows + 1), 'too_large', ''],
    [batch([categorical('b', ['x'.repeat(1_000)], many)], many.length), 'too_large', ''],
  ];
  for (const [value, code, path] of cases) {
    if (value.prediction_ids.length > 60_000) value.prediction_ids.fill('p');
    if (value.prediction_ids.length > 60_000) value.timestamps = Buffer.alloc(8 * value.prediction_ids.length);
    const { code: gotCode, path: gotPath, message } = rejection(value);
    assert.deepEqual([gotCode, gotPath], [code, path], message);
  }
});

test('doubles are read alike on a host of either byte order', () => {
  const bytes = numeric('a', [1.5, -0, Number.NaN, 1e308]).values;
  for (const asTheyAre of [true, false]) {
    const target = new Float64Array(6);
    copyDoubles(target, 1, bytes, asTheyAre);
    assert.deepEqual([...target], [0, 1.5, -0, Number.NaN, 1e308, 0]);
  }
});
