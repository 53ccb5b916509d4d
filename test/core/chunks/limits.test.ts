import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenChunk } from '../../../lib/core/chunks/chunk.ts';
import { CHUNK_LIMITS, type ChunkCaps, type ChunkLimit } from '../../../lib/core/chunks/limits.ts';
import type { ChunkRow } from '../../../lib/core/chunks/types.ts';
import type { Prediction } from '../../../lib/core/events/types.ts';
import { addEvent, arrivals, capsWith, HOUR, IDENTITY, prediction, SPEC, START, takeChanges } from './events.ts';
import { lossOf, valuesOf } from './recount.ts';

/** Everything of a flood, with a flush every so often, as the store would hold it. */
class Flood {
  readonly chunk: OpenChunk;
  readonly events: Prediction[] = [];
  readonly rows = new Map<string, ChunkRow>();
  readonly hits = new Map<ChunkLimit, number>();
  readonly #flushEvery: number;

  constructor(caps: ChunkCaps = CHUNK_LIMITS, flushEvery = 5_000) {
    this.chunk = new OpenChunk(SPEC, IDENTITY, caps);
    this.#flushEvery = flushEvery;
  }

  add(changes: Partial<Prediction>, arrival = START): void {
    const event = prediction(changes);
    addEvent(this.chunk, event, { offset: this.events.length, arrival });
    this.events.push(event);
    if (this.events.length % this.#flushEvery === 0) this.flush();
  }

  flush(): void {
    const { rows, limits } = takeChanges(this.chunk);
    for (const row of rows) {
      const { model, version, role, windowStart, feature, segment, generation } = row;
      this.rows.set(JSON.stringify([model, version, role, windowStart, feature, segment, generation]), row);
    }
    for (const { limit, hits } of limits) this.hits.set(limit, (this.hits.get(limit) ?? 0) + hits);
  }

  /** Compares every total with a plain recount of the events. */
  assertExact(): void {
    this.flush();
    const rows = [...this.rows.values()];
    const heads = rows.filter(({ feature, segment }) => feature === '' && segment === '');
    const sum = (some: readonly ChunkRow[], of: (row: ChunkRow) => number): number =>
      some.reduce((total, row) => total + of(row), 0);
    const eventsOf = ({ body }: ChunkRow): number => (body.form === 'window' ? body.count : 0);
    const errorsOf = ({ body }: ChunkRow): number => (body.form === 'window' ? body.errors : 0);
    assert.equal(sum(heads, eventsOf), this.events.length, 'events');
    assert.equal(sum(heads, errorsOf), this.events.filter(({ error }) => error !== null).length, 'errors');

    // Models past their cap are counted without columns: the values are those of all others.
    const kept = new Set(heads.map(({ model }) => model));
    const valued = this.events.filter(({ model }) => kept.has(model));
    const values = valued.reduce((n, event) => n + [...valuesOf(event).values()].filter((v) => v !== null).length, 0);
    const present = ({ body }: ChunkRow): number =>
      body.form === 'sketch' ? body.sketch.count - body.sketch.missing : 0;
    assert.equal(sum(rows, present), values, 'values');
    const sketched = ({ body }: ChunkRow): number => {
      if (body.form !== 'sketch') return 0;
      const { sketch } = body;
      return (
        sketch.nan +
        sketch.infinite +
        sketch.wrongType +
        (sketch.kind === 'numeric' ? sketch.numeric.n : sketch.categorical.n)
      );
    };
    // A vector has no distribution, save past the cap on columns, where values are only counted.
    const vectors = valued.flatMap((event) => [...event.features.values()]).filter((value) => Array.isArray(value));
    const inSketches = sum(rows, sketched);
    assert.ok(
      inSketches <= values && inSketches >= values - vectors.length,
      'values in sketches, categories and the rest',
    );

    const inSegments = rows.filter(({ feature, segment }) => feature === '' && segment !== '');
    const named = valued.filter(({ model, segments }) => model === 'declared' && segments.has('region'));
    assert.equal(sum(inSegments, eventsOf), named.length, 'events of segments');
  }
}

const TEN = 10;

test('ten times the models: the rest are one model, every event counted', () => {
  const flood = new Flood();
  for (let i = 0; i < TEN * CHUNK_LIMITS.models; i++) flood.add({ model: `m${i}`, error: i % 7 === 0 ? 'e' : null });
  flood.add({});
  flood.assertExact();
  const models = new Set([...flood.rows.values()].map(({ model }) => model));
  assert.equal(models.size, CHUNK_LIMITS.models + 2, 'kept, __other__, and the declared one that came last');
  assert.ok(models.has('__other__') && models.has('declared'));
  assert.equal(flood.hits.get('models'), 9 * CHUNK_LIMITS.models);
});

test('ten times the versions of a model, and of models nobody declared', () => {
  const flood = new Flood();
  for (let i = 0; i < TEN * CHUNK_LIMITS.variants; i++) flood.add({ version: `v${i}` });
  flood.flush();
  assert.equal(flood.hits.get('variants'), 9 * CHUNK_LIMITS.variants);
  const models = CHUNK_LIMITS.undeclaredVariants / CHUNK_LIMITS.variants;
  for (let i = 0; i < TEN * CHUNK_LIMITS.undeclaredVariants; i++) {
    flood.add({ model: `m${i % (TEN * models)}`, version: `v${i}` });
  }
  flood.assertExact();
  assert.equal(flood.hits.get('undeclaredVariants'), 9 * CHUNK_LIMITS.undeclaredVariants);
  const versions = [...flood.rows.values()]
    .filter(({ model }) => model !== 'declared')
    .map((row) => `${row.model} ${row.version}`);
  assert.equal(new Set(versions).size, CHUNK_LIMITS.undeclaredVariants + TEN * models);
});

test('ten times the columns: values of the rest are one column', () => {
  const flood = new Flood();
  const names = Array.from({ length: TEN * CHUNK_LIMITS.columns }, (_, i) => `f${i}`);
  for (let i = 0; i < 3; i++) flood.add({ features: new Map(names.map((name, n) => [name, n % 5 === 0 ? null : n])) });
  flood.assertExact();
  const features = [...flood.rows.values()].filter(({ feature, segment }) => feature !== '' && segment === '');
  assert.equal(features.length, CHUNK_LIMITS.columns + 1);
  assert.ok(flood.hits.get('columns')! > 7 * CHUNK_LIMITS.columns);
});

test('ten times the segment values: the rest are one segment', () => {
  const flood = new Flood();
  for (let i = 0; i < TEN * CHUNK_LIMITS.segmentValues; i++) {
    flood.add({ segments: new Map([['region', `r${i}`]]), features: new Map([['amount', i % 20]]) });
  }
  flood.assertExact();
  const other = [...flood.rows.values()].find((row) => row.segment === 'region=__other__' && row.feature === 'amount');
  assert.ok(other?.body.form === 'grid');
  assert.equal(other.body.counts.n, 9 * CHUNK_LIMITS.segmentValues);
  assert.equal(flood.hits.get('segmentValues'), 9 * CHUNK_LIMITS.segmentValues);
});

test('ten times the categories, and categories ten times too long', () => {
  const flood = new Flood();
  for (let i = 0; i < TEN * CHUNK_LIMITS.categories; i++) flood.add({ features: new Map([['colour', `c${i}`]]) });
  for (let i = 0; i < 10; i++) {
    const long = String(i).repeat(TEN * CHUNK_LIMITS.categoryLength);
    flood.add({ features: new Map([['colour', long]]), segments: new Map([['region', long]]) });
  }
  flood.assertExact();
  const colour = [...flood.rows.values()].find(({ feature }) => feature === 'colour');
  assert.ok(colour?.body.form === 'sketch' && colour.body.sketch.kind === 'categorical');
  const { values, other } = colour.body.sketch.categorical;
  assert.equal(values.length, CHUNK_LIMITS.categories);
  assert.equal(other, 9 * CHUNK_LIMITS.categories + 10);
  // The long texts are a category of `colour`, of `segment.region`, and a segment each.
  assert.equal(flood.hits.get('categoryLength'), 30);
});

test('ten times the open windows: those touched longest ago leave memory, and come back under the next generation', () => {
  const flood = new Flood(CHUNK_LIMITS, 997);
  // Windows of one model reach a horizon back at most: so many at once are windows of many models, versions and hours.
  const hours = 20;
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < TEN * CHUNK_LIMITS.liveWindows; i++) {
      const hour = i % hours;
      const name = Math.floor(i / hours);
      flood.add({
        model: `m${name % 500}`,
        version: `v${Math.floor(name / 500)}`,
        timestamp: START - hour * HOUR,
        score: i,
      });
    }
  }
  flood.assertExact();
  assert.equal(flood.hits.get('liveWindows'), 2 * TEN * CHUNK_LIMITS.liveWindows - CHUNK_LIMITS.liveWindows);
  const generations = new Map<string, Set<number>>();
  for (const { model, version, windowStart, feature, generation } of flood.rows.values()) {
    const key = `${model} ${version} ${windowStart}`;
    if (feature === '') generations.set(key, (generations.get(key) ?? new Set()).add(generation));
  }
  assert.ok(
    [...generations.values()].every(({ size }) => size === 2),
    'each window came twice, and left in between',
  );
});

test('ten times the bytes of live windows, even within one window', () => {
  const flood = new Flood(capsWith({ liveBytes: 400_000 }), 333);
  const names = Array.from({ length: 100 }, (_, i) => `f${i}`);
  for (let i = 0; i < 5_000; i++)
    flood.add({ features: new Map(names.map((name, n) => [name, (i * 31 + n) % 1_009])) });
  assert.ok(flood.events.length * names.length * 8 >= TEN * 400_000);
  flood.assertExact();
  assert.ok(flood.hits.get('liveBytes')! >= TEN);
});

test('whatever the caps: any flush rhythm gives the same rows, and totals are exact', () => {
  const cap = (most: number) => fc.integer({ min: 1, max: most });
  const caps = fc.record({
    models: fc.nat(2),
    variants: cap(2),
    undeclaredVariants: fc.nat(2),
    columns: cap(5),
    segmentValues: cap(2),
    categories: cap(3),
    categoryLength: fc.constantFrom(2, 256),
    foldAt: cap(10),
    liveWindows: cap(4),
    liveBytes: fc.constantFrom(3_000, 20_000, 1_000_000),
  });
  fc.assert(
    fc.property(arrivals(60), caps, cap(60), cap(60), (arrived, chosen, one, other) => {
      const counted = arrived.filter((item) => lossOf(item, SPEC) === null);
      const floods = [one, other].map((every) => new Flood(chosen, every));
      for (const flood of floods) {
        for (const { event, position } of counted) flood.add(event, position.arrival);
        flood.assertExact();
      }
      const [left, right] = floods.map(({ rows }) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1)));
      assert.deepEqual(left, right);
      assert.deepEqual(floods[0]!.hits, floods[1]!.hits);
    }),
    { numRuns: 150 },
  );
});
