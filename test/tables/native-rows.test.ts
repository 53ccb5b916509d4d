import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ChunkRow } from '../../lib/core/chunks/types.ts';
import { appendPrediction } from '../../lib/core/events/append.ts';
import { PredictionBlock } from '../../lib/core/events/block.ts';
import { ShapeCatalog } from '../../lib/core/events/shape.ts';
import { categoricalFromCounts } from '../../lib/core/sketch/categorical.ts';
import { sketchNumeric } from '../../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../../lib/core/sketch/types.ts';
import type { Row, Store } from '../../lib/ports/store.ts';
import { ChunkInsert, insertChunkRows } from '../../lib/tables/chunk-rows.ts';
import { insertLabels, insertPredictions, LabelRows, PredictionRows } from '../../lib/tables/raw.ts';
import { gridColumns, sketchColumns } from '../../lib/tables/sketch-columns.ts';
import { sqlTime } from '../../lib/tables/time.ts';
import { prediction } from '../core/chunks/events.ts';
import { StoreRoom } from '../support/store-room.ts';

const PLACE = { topic: 't', incarnation: 'i', partition: 3 };
const START = Date.UTC(2026, 0, 1);
const room = new StoreRoom('native', ['chunk_rows', 'prediction_rows', 'label_rows']);
let store: Store;
before(async () => {
  await room.open();
  ({ store } = await room.fresh());
});
after(() => room.close());

const COUNTS = { count: 5, missing: 1, nan: 2, infinite: 3, wrongType: 4 };

function numeric(length: number): FeatureSketch {
  const values = Float64Array.from({ length }, (_, i) => Math.sin(i) * 1e-300);
  return { ...COUNTS, kind: 'numeric', numeric: sketchNumeric(values, length) };
}

function chunkRows(): ChunkRow[] {
  const colours = new Map([
    ['é', 2],
    ['', 2 ** 40],
  ]);
  const bodies: ChunkRow['body'][] = [
    { form: 'window', count: 9, errors: 2 },
    { form: 'sketch', sketch: numeric(0) },
    { form: 'sketch', sketch: numeric(3) },
    { form: 'sketch', sketch: { ...COUNTS, kind: 'categorical', categorical: categoricalFromCounts(colours) } },
    { form: 'grid', kind: 'boolean', counts: { ...COUNTS, n: 5, cells: [1, 4_000_000_000], counts: [2, 3] } },
    // Some megabytes: several blocks of one insert.
    ...Array.from({ length: 150 }, (): ChunkRow['body'] => ({ form: 'sketch', sketch: numeric(20_000) })),
  ];
  return bodies.map((body, i) => ({
    model: 'm',
    version: `v${i}`,
    role: 'champion',
    windowStart: START - i,
    windowEnd: START + i,
    feature: `f\n${i}`,
    segment: i === 0 ? '' : "region='ü'",
    generation: i,
    covered: 2 ** 40 + i,
    body,
  }));
}

function objectOf({ body, windowStart, windowEnd, ...key }: ChunkRow): Row {
  const times = { window_start: sqlTime(windowStart), window_end: sqlTime(windowEnd) };
  const place = { ...PLACE, chunk_start: 2 ** 33, spec_id: 'spec' };
  const columns = () => {
    if (body.form === 'window') return { kind: '', count: body.count, errors: body.errors };
    return body.form === 'sketch' ? sketchColumns(body.sketch) : { kind: body.kind, ...gridColumns(body.counts) };
  };
  return { ...place, ...times, ...key, ...columns() };
}

test('ledger rows of every form are what rows of JSON would be, over several blocks', async () => {
  const rows = chunkRows();
  const insert = new ChunkInsert({ ...PLACE, chunkStart: 2 ** 33 }, 'spec', rows);
  await insertChunkRows(store, [insert]);
  assert.equal(insert.rows, rows.length);
  await store.command('CREATE TABLE chunk_json AS chunk_rows');
  await store.insert('chunk_json', rows.map(objectOf));
  const [native, json] = await Promise.all(
    ['chunk_rows', 'chunk_json'].map((table) =>
      store.query(`SELECT * EXCEPT ingested_at FROM ${table} ORDER BY version`),
    ),
  );
  assert.equal(native?.length, rows.length);
  assert.deepEqual(native, json);
});

test('raw predictions keep the bytes of their event; what is no UTF-8 in them is what everybody reads', async () => {
  const sources = [
    '{"prediction_id":"p-0","x":"é😀\\u0000"}',
    Buffer.from([0x7b, 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x7d]),
    Buffer.from('\ufeff{}'),
    null,
  ].map((source) => (source === null ? null : Buffer.from(source)));
  const block = new PredictionBlock();
  const shapes = new ShapeCatalog();
  const event = prediction({
    timestamp: START + 1,
    score: 0.1,
    value: Number.NaN,
    latencyMs: Number.NEGATIVE_INFINITY,
  });
  for (const [i, source] of sources.entries()) {
    const more = { predictionId: `p-${i}`, label: i === 0 ? 'yes' : null, error: i === 1 ? 'é' : null };
    const origin = { offset: 2 ** 40 + i, arrival: START, source, text: source === null ? '{"from":"avro"}' : null };
    assert.ok(appendPrediction(block, shapes, { ...event, ...more }, origin));
  }
  // As the decoder leaves an id that it has not made a text of.
  block.ids[0] = null;
  block.idSources[0] = block.sources[0]!;
  [block.idStarts[0], block.idEnds[0]] = [18, 21];
  const rows = new PredictionRows(PLACE);
  for (let row = 0; row < block.length; row += 1) rows.add(block, row);
  const taken = rows.take();
  await insertPredictions(store, [taken]);
  await insertPredictions(store, [taken]);
  const stored = await store.query('SELECT * EXCEPT ingested_at FROM prediction_rows FINAL ORDER BY offset');
  const expected = sources.map((source, i) => ({
    ...PLACE,
    offset: 2 ** 40 + i,
    row: 0,
    model: 'declared',
    timestamp: sqlTime(START + 1),
    prediction_id: `p-${i}`,
    version: '1',
    role: 'champion',
    score: 0.1,
    label: i === 0 ? 'yes' : null,
    value: null,
    latency_ms: null,
    error: i === 1 ? 'é' : null,
    event: source === null ? '{"from":"avro"}' : source.toString('utf8'),
  }));
  assert.deepEqual(
    stored.map(Object.entries).map((entries) => Object.fromEntries(entries.sort())),
    expected.map(sortKeys),
  );
});

test('labels of every type are their text', async () => {
  const rows = new LabelRows(PLACE);
  const labels = ['é', 0.5, true, -0];
  for (const [i, label] of labels.entries()) {
    rows.add(i, { predictionId: `p-${i}`, model: 'm', label, timestamp: START });
  }
  assert.equal(rows.length, 4);
  await insertLabels(store, [rows.take()]);
  const stored = await store.query('SELECT offset, label, prediction_id, partition FROM label_rows ORDER BY offset');
  assert.deepEqual(
    stored,
    ['é', '0.5', 'true', '0'].map((label, i) => ({ offset: i, label, prediction_id: `p-${i}`, partition: 3 })),
  );
});

function sortKeys(row: Row): Row {
  return Object.fromEntries(Object.entries(row).sort());
}
