import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunkEnd, OpenChunk } from '../../../lib/core/chunks/chunk.ts';
import { CHUNK_LIMITS } from '../../../lib/core/chunks/limits.ts';
import type { ChunkRow } from '../../../lib/core/chunks/types.ts';
import type { FeatureValue, Prediction } from '../../../lib/core/events/types.ts';
import type { FeatureSketch } from '../../../lib/core/sketch/types.ts';
import { addEvent, capsWith, HOUR, IDENTITY, prediction, SPEC, START, takeChanges } from './events.ts';

function chunkOf(...events: Partial<Prediction>[]): OpenChunk {
  const chunk = new OpenChunk(SPEC, IDENTITY);
  events.forEach((changes, offset) => {
    addEvent(chunk, prediction(changes), { offset, arrival: START });
  });
  return chunk;
}

function find(rows: readonly ChunkRow[], feature: string, segment = ''): ChunkRow {
  const row = rows.find((candidate) => candidate.feature === feature && candidate.segment === segment);
  assert.ok(row, `row of ${feature || 'the window'} ${segment}`);
  return row;
}

function sketchOf(rows: readonly ChunkRow[], feature: string): FeatureSketch {
  const { body } = find(rows, feature);
  assert.ok(body.form === 'sketch');
  return body.sketch;
}

function columnOf(name: string, values: readonly FeatureValue[], model = 'declared'): FeatureSketch {
  const chunk = new OpenChunk(SPEC, IDENTITY);
  values.forEach((value, offset) => {
    addEvent(chunk, prediction({ model, features: new Map([[name, value]]) }), { offset, arrival: START });
  });
  return sketchOf(takeChanges(chunk).rows, name);
}

test('a chunk ends at the next multiple of its size', () => {
  assert.deepEqual([chunkEnd(0, 64), chunkEnd(63, 64), chunkEnd(64, 64), chunkEnd(100, 64)], [64, 64, 128, 128]);
});

test('lateness and clock skew are judged from event time and arrival', () => {
  const chunk = new OpenChunk(SPEC, IDENTITY);
  const arrival = START + 100 * HOUR;
  const add = (timestamp: number, offset: number) => addEvent(chunk, prediction({ timestamp }), { offset, arrival });
  assert.equal(add(arrival + SPEC.futureSkewMs, 0), null);
  assert.equal(add(arrival + SPEC.futureSkewMs + 1, 1), 'future');
  assert.equal(add(arrival - SPEC.horizonMs - HOUR, 2), null, 'its window ended exactly a horizon ago');
  assert.equal(add(arrival - SPEC.horizonMs - HOUR - 1, 3), 'beyond_horizon');
  assert.equal(add(Date.UTC(9999, 0, 1), 9), 'future');
  assert.deepEqual(takeChanges(chunk).losses, [
    { reason: 'future', firstOffset: 1, lastOffset: 9, events: 2 },
    { reason: 'beyond_horizon', firstOffset: 3, lastOffset: 3, events: 1 },
  ]);
  const far = Date.UTC(9999, 0, 1);
  const dated = addEvent(new OpenChunk(SPEC, IDENTITY), prediction({ timestamp: far }), { offset: 0, arrival: far });
  assert.equal(dated, 'future', 'no store can date the year 9999, whatever the arrival says');
});

test('kinds: declared, or of the first usable value', () => {
  assert.equal(columnOf('amount', ['a', 1]).kind, 'numeric');
  assert.equal(columnOf('x', [null, Number.NaN, 'a', 1], 'other').kind, 'categorical');
  assert.equal(columnOf('x', [true, 'a', 1], 'other').kind, 'boolean');
  assert.equal(columnOf('x', [[1, 2], 5], 'other').kind, 'numeric');
});

test('what is not a usable value is counted apart', () => {
  const { count, missing, nan, infinite, wrongType, ...rest } = columnOf('amount', [
    1,
    null,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    'a',
    true,
    [1, 2],
    -0,
    0,
  ]);
  assert.deepEqual(
    { count, missing, nan, infinite, wrongType },
    { count: 9, missing: 1, nan: 1, infinite: 1, wrongType: 2 },
  );
  assert.ok(rest.kind === 'numeric');
  assert.deepEqual([rest.numeric.n, ...rest.numeric.values], [3, 0, 1]);

  const colour = columnOf('colour', ['red', 1, true, Number.NaN, 'x'.repeat(300)]);
  assert.ok(colour.kind === 'categorical');
  assert.deepEqual(
    [colour.categorical.values, colour.categorical.other, colour.nan, colour.wrongType],
    [['1', 'red', 'true'], 1, 1, 0],
  );
  const flag = columnOf('flag', [true, 'true', 1, false]);
  assert.ok(flag.kind === 'boolean');
  assert.deepEqual([flag.categorical.values, flag.wrongType], [['false', 'true'], 2]);
});

test('a column is missing from the events of its window that lack it, before and after it was first seen', () => {
  const { rows } = takeChanges(
    chunkOf(
      { model: 'other' },
      { model: 'other', features: new Map([['x', 1]]), score: 0.5 },
      { model: 'other' },
      { model: 'other', timestamp: START - HOUR },
    ),
  );
  const own = rows.filter((row) => row.windowStart === START);
  assert.deepEqual([sketchOf(own, 'x').count, sketchOf(own, 'x').missing], [3, 2]);
  assert.equal(sketchOf(own, 'prediction.score').missing, 2);
  assert.equal(rows.filter((row) => row.windowStart === START - HOUR).length, 1, 'another window does not know it');
});

test('declared columns have rows though no event brought them', () => {
  const { rows } = takeChanges(chunkOf({}, {}));
  assert.deepEqual(
    rows.map((row) => row.feature),
    ['', 'amount', 'colour', 'flag'],
  );
  assert.equal(sketchOf(rows, 'amount').missing, 2);
});

test('segments: counts on the frozen grid, from the segment or the feature of that name', () => {
  const { rows } = takeChanges(
    chunkOf(
      {
        segments: new Map([['region', 'MA']]),
        features: new Map<string, FeatureValue>([
          ['amount', 5],
          ['colour', 'red'],
        ]),
      },
      { segments: new Map([['region', 'MA']]), features: new Map([['amount', 100]]), error: 'broken' },
      {
        features: new Map<string, FeatureValue>([
          ['region', 'MA'],
          ['amount', null],
        ]),
      },
      { segments: new Map([['region', 'NY']]) },
      {},
    ),
  );
  assert.deepEqual(find(rows, '', 'region=MA').body, { form: 'window', count: 3, errors: 1 });
  assert.deepEqual(find(rows, 'amount', 'region=MA').body, {
    form: 'grid',
    kind: 'numeric',
    counts: { count: 3, missing: 1, nan: 0, infinite: 0, wrongType: 0, cells: [1, 3], counts: [1, 1], n: 2 },
  });
  assert.deepEqual(find(rows, 'colour', 'region=MA').body, {
    form: 'grid',
    kind: 'categorical',
    counts: { count: 3, missing: 2, nan: 0, infinite: 0, wrongType: 0, cells: [1], counts: [1], n: 1 },
  });
  const own = sketchOf(rows, 'segment.region');
  assert.ok(own.kind === 'categorical');
  assert.deepEqual([own.categorical.values, own.categorical.counts, own.missing], [['MA', 'NY'], [2, 1], 2]);
});

test('only what changed is written again', () => {
  const chunk = chunkOf({ segments: new Map([['region', 'MA']]) }, { timestamp: START - HOUR });
  assert.equal(takeChanges(chunk).windows.length, 2);
  assert.deepEqual(takeChanges(chunk), { rows: [], losses: [], windows: [], limits: [], rewrites: 0 });
  addEvent(chunk, prediction({ segments: new Map([['region', 'NY']]) }), { offset: 7, arrival: START });
  const { rows, windows } = takeChanges(chunk);
  assert.deepEqual(
    windows.map((window) => window.windowStart),
    [START],
  );
  assert.deepEqual([...new Set(rows.map((row) => row.segment))], ['', 'region=NY']);
  assert.deepEqual([...new Set(rows.map((row) => row.covered))], [8]);
});

test('past the caps totals stay exact', () => {
  const chunk = new OpenChunk(SPEC, IDENTITY);
  const { models, variants, columns, segmentValues, categories } = CHUNK_LIMITS;
  let offset = 0;
  const add = (changes: Parameters<typeof prediction>[0]): void => {
    addEvent(chunk, prediction(changes), { offset: offset++, arrival: START });
  };
  for (let i = 0; i < segmentValues + 5; i++) add({ segments: new Map([['region', `r${i}`]]) });
  for (let i = 0; i < categories + 5; i++) add({ features: new Map([['colour', `c${i}`]]) });
  add({ version: 'wide', features: new Map(Array.from({ length: columns + 5 }, (_, i) => [`f${i}`, i])) });
  for (let i = 0; i < variants + 5; i++) add({ model: 'versions', version: `v${i}` });
  for (let i = 0; i < models + 5; i++) add({ model: `m${i}` });
  const { rows } = takeChanges(chunk);
  const events = rows.filter((row) => row.feature === '' && row.segment === '');
  const total = (some: readonly ChunkRow[]): number =>
    some.reduce((sum, { body }) => sum + (body.form === 'window' ? body.count : 0), 0);

  assert.equal(total(events), offset);
  assert.deepEqual(find(rows, '', 'region=__other__').body, { form: 'window', count: 5, errors: 0 });
  const colour = sketchOf(rows, 'colour');
  assert.ok(colour.kind === 'categorical');
  assert.deepEqual([colour.categorical.n, colour.categorical.other], [categories + 5, 5]);
  const overflow = sketchOf(
    rows.filter((row) => row.version === 'wide'),
    '__other__',
  );
  assert.equal(overflow.count, 5 + 3, 'three columns of the cap are declared ones');
  assert.equal(total(events.filter((row) => row.model === 'versions' && row.version === '__other__')), 5);
  assert.equal(total(events.filter((row) => row.model === '__other__')), 6, 'the model "versions" took one place');
});

test('a window that left memory comes back under the next generation', () => {
  const chunk = new OpenChunk(SPEC, IDENTITY, capsWith({ liveWindows: 1 }));
  const hours = [0, 1, 0, 1, 0];
  hours.forEach((hour, offset) => {
    addEvent(chunk, prediction({ timestamp: START - hour * HOUR }), { offset, arrival: START });
  });
  assert.equal(chunk.waiting.windows, 4);
  assert.ok(chunk.waiting.bytes > 0);
  const heads = takeChanges(chunk).rows.filter((row) => row.feature === '');
  assert.deepEqual(
    heads.map(({ windowStart, generation, covered }) => [(START - windowStart) / HOUR, generation, covered]),
    [
      [0, 0, 1],
      [1, 0, 2],
      [0, 1, 3],
      [1, 2, 4],
      [0, 3, 5],
    ],
  );
});

test('long columns are folded by count and stay close to the exact distribution', () => {
  const chunk = new OpenChunk(SPEC, IDENTITY);
  const n = 3 * CHUNK_LIMITS.foldAt + 17;
  const flushed = new OpenChunk(SPEC, IDENTITY);
  for (let i = 0; i < n; i++) {
    const event = prediction({ features: new Map([['amount', Math.sin(i) * 1000]]) });
    addEvent(chunk, event, { offset: i, arrival: START });
    addEvent(flushed, event, { offset: i, arrival: START });
    if (i % 1_000 === 999) takeChanges(flushed);
  }
  const amount = sketchOf(takeChanges(chunk).rows, 'amount');
  assert.deepEqual(sketchOf(takeChanges(flushed).rows, 'amount'), amount);
  assert.ok(amount.kind === 'numeric');
  assert.equal(amount.numeric.n, n);
  const exact = Array.from({ length: n }, (_, i) => Math.sin(i) * 1000).sort((a, b) => a - b);
  const { values, atOrBelow } = amount.numeric;
  let worst = 0;
  let rank = 0;
  values.forEach((value, i) => {
    while (rank < n && exact[rank]! <= value) rank++;
    worst = Math.max(worst, Math.abs(rank - atOrBelow[i]!) / n);
  });
  assert.ok(worst <= 0.001, `KS error ${worst}`);
});
