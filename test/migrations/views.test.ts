import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ChdbStore, openChdbStore } from '../../lib/adapters/chdb/index.ts';
import { sketchNumeric } from '../../lib/core/sketch/numeric.ts';
import { quantile } from '../../lib/core/sketch/quantiles.ts';
import { migrate } from '../../lib/migrations/index.ts';
import type { Row } from '../../lib/ports/store.ts';
import { sketchColumns } from '../../lib/tables/sketch-columns.ts';
import { sqlTime } from '../../lib/tables/time.ts';

const HOUR = 3_600_000;
const window = (n: number) => ({ window_start: sqlTime(n * HOUR), window_end: sqlTime((n + 1) * HOUR) });
const KEY = { model: 'm', version: '1', role: 'champion', segment: '' };
const CHUNK = { topic: 't', incarnation: 'i', partition: 0, chunk_start: 0, generation: 0, spec_id: 's1', covered: 10 };

const sketchOf = (values: number[]) => sketchNumeric(Float64Array.from(values), values.length);

function numeric(values: number[]) {
  const sketch = {
    count: values.length + 1,
    missing: 1,
    nan: 0,
    infinite: 0,
    wrongType: 0,
    kind: 'numeric',
    numeric: sketchOf(values),
  } as const;
  return sketchColumns(sketch);
}

describe('views', () => {
  let dir: string;
  let store: ChdbStore;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'driftline-views-'));
    store = await openChdbStore({ dir, database: 'driftline' });
    await migrate(store);
  });
  after(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });

  const manifest = (row: Row) =>
    store.insert('manifest_rows', [
      { topic: 't', incarnation: 'i', partition: 0, reach: 10, passed: 0, closed: 0, ...row },
    ]);
  const sealed = (row: Row) =>
    store.insert('window_rows', [
      { ...KEY, feature: '', kind: '', state: 'complete', revision: 1, covered: 10, coverage: '[]', note: '', ...row },
    ]);
  const ledger = (row: Row) => store.insert('chunk_rows', [{ ...KEY, feature: '', kind: '', ...CHUNK, ...row }]);
  const operations = (n: number) =>
    store.query(
      'SELECT events, errors, state, revision FROM operations WHERE window_start = {at:String} ORDER BY state',
      { at: sqlTime(n * HOUR) },
    );

  it('shows a sealed window once, in its latest form, and not its ledger', async () => {
    await manifest({ chunk_start: 0, group_generation: 1, spec_id: 's1' });
    await ledger({ ...window(1), count: 7, errors: 1 });
    await sealed({ ...window(1), count: 8, errors: 2 });
    await sealed({ ...window(1), count: 9, errors: 2, covered: 12, state: 'revised', revision: 2 });
    assert.deepEqual(await operations(1), [{ events: 9, errors: 2, state: 'revised', revision: 2 }]);
  });

  it('merges the ledger of an open window over chunks, generations and partitions, each rewritten row once', async () => {
    await manifest({ chunk_start: 10, group_generation: 1, spec_id: 's1' });
    await manifest({ partition: 1, chunk_start: 0, group_generation: 1, spec_id: 's1' });
    await ledger({ ...window(2), count: 1, errors: 0, covered: 5 });
    await ledger({ ...window(2), count: 2, errors: 1, covered: 9 });
    await ledger({ ...window(2), count: 10, errors: 0, generation: 1 });
    await ledger({ ...window(2), count: 100, errors: 0, chunk_start: 10 });
    await ledger({ ...window(2), count: 1000, errors: 0, partition: 1 });
    assert.deepEqual(await operations(2), [{ events: 1112, errors: 1, state: 'provisional', revision: 0 }]);
  });

  it('counts a chunk only under the spec that its highest opening binds, and never without a manifest', async () => {
    await manifest({ chunk_start: 20, group_generation: 1, spec_id: 'old' });
    await manifest({ chunk_start: 20, group_generation: 2, spec_id: 'new' });
    await ledger({ ...window(3), count: 1, chunk_start: 20, spec_id: 'old' });
    await ledger({ ...window(3), count: 2, chunk_start: 20, spec_id: 'new' });
    await ledger({ ...window(3), count: 4, chunk_start: 30, spec_id: 'new' });
    assert.deepEqual(await operations(3), [{ events: 2, errors: 0, state: 'provisional', revision: 0 }]);
  });

  it('merges moments without cancellation far from zero', async () => {
    const offset = 1.7e12;
    const parts = [[1, 2, 3], [10, 20], []].map((values) => values.map((value) => value + offset));
    for (const [i, values] of parts.entries()) {
      await ledger({ ...window(4), feature: 'f', ...numeric(values), generation: i });
    }
    const [row] = await store.query<Record<string, number>>(
      "SELECT count, missing, n, mean, stddev, min, max, kind, state FROM feature_stats WHERE feature = 'f' AND window_start = {at:String}",
      { at: sqlTime(4 * HOUR) },
    );
    const { mean, stddev, ...rest } = row ?? {};
    assert.deepEqual(rest, {
      count: 8,
      missing: 3,
      n: 5,
      min: offset + 1,
      max: offset + 20,
      kind: 'numeric',
      state: 'provisional',
    });
    assert.equal(mean, offset + 7.2);
    assert.ok(Math.abs((stddev ?? 0) - Math.sqrt(254.8 / 4)) < 1e-3, `${stddev}`);
  });

  it('counts what is no number, sealed or not, though the column is called as the value', async () => {
    const counts = { kind: 'numeric', count: 9, missing: 1, nan: 2, infinite: 3, wrong_type: 1, n: 2 };
    await ledger({ ...window(4), feature: 'aside', ...counts });
    await ledger({ ...window(4), feature: 'aside', ...counts, generation: 1 });
    await sealed({ ...window(5), feature: 'aside', ...counts });
    const rows = await store.query(
      "SELECT missing, `nan`, infinite, wrong_type FROM feature_stats WHERE feature = 'aside' ORDER BY window_start",
    );
    assert.deepEqual(rows, [
      { missing: 2, nan: 4, infinite: 6, wrong_type: 2 },
      { missing: 1, nan: 2, infinite: 3, wrong_type: 1 },
    ]);
  });

  it('gives NULL moments where there is no distribution', async () => {
    const columns = 'SELECT count, mean, stddev, min, max, state FROM feature_stats WHERE feature = {f:String}';
    const none = { mean: null, stddev: null, min: null, max: null };
    await sealed({
      ...window(5),
      feature: 'cat',
      kind: 'categorical',
      count: 3,
      n: 3,
      categories: ['a'],
      category_counts: [3],
    });
    assert.deepEqual(await store.query(columns, { f: 'cat' }), [{ count: 3, ...none, state: 'complete' }]);
    await ledger({ ...window(6), feature: 'cat2', kind: 'categorical', count: 3, n: 3 });
    assert.deepEqual(await store.query(columns, { f: 'cat2' }), [{ count: 3, ...none, state: 'provisional' }]);
    await sealed({ ...window(5), feature: 'one', ...numeric([4]) });
    assert.deepEqual(await store.query(columns, { f: 'one' }), [
      { count: 2, mean: 4, stddev: null, min: 4, max: 4, state: 'complete' },
    ]);
  });

  it('reads quantiles as the core does, from exact sketches and from knots', async () => {
    const small = Array.from({ length: 101 }, (_, i) => (i * 37) % 50);
    const large = Array.from({ length: 20_000 }, (_, i) => Math.exp(Math.sin(i * 12.9898) * 3));
    for (const [feature, values] of Object.entries({ small, large, single: [5], pair: [1, 3] })) {
      await sealed({ ...window(7), feature, ...numeric(values) });
      const rows = await store.query<{ q: number; value: number }>(
        'SELECT q, value FROM feature_quantiles WHERE feature = {feature:String} ORDER BY q',
        { feature },
      );
      assert.deepEqual(
        rows.map(({ q }) => q),
        [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99],
      );
      const sketch = sketchOf(values);
      for (const { q, value } of rows) {
        const expected = quantile(sketch, q);
        assert.ok(
          Math.abs(value - expected) <= 1e-12 * Math.abs(expected),
          `${feature} ${q}: ${value}, not ${expected}`,
        );
      }
    }
  });

  it('shows an alert in its latest revision', async () => {
    const alert = {
      model: 'm',
      episode: 'e',
      monitor: 'x',
      version: '1',
      role: 'champion',
      segment: '',
      severity: 'error',
      members: ['a', 'b'],
      incident: '',
      event: '{}',
    };
    const times = { since: sqlTime(0), as_of: sqlTime(HOUR) };
    await store.insert(
      'alert_rows',
      [10, 9].map((revision) => ({ ...alert, ...times, revision, state: revision === 10 ? 'firing' : 'pending' })),
    );
    const rows = await store.query('SELECT episode, revision, state, members FROM alerts');
    assert.deepEqual(rows, [{ episode: 'e', revision: 10, state: 'firing', members: ['a', 'b'] }]);
    assert.deepEqual(await store.query("SELECT * FROM alerts WHERE state = 'pending'"), []);
  });

  it('lets the greatest timestamp win among labels, and the later offset among equals', async () => {
    const label = { model: 'm', topic: 't', incarnation: 'i', partition: 0 };
    await store.insert('label_rows', [
      { ...label, prediction_id: 'p', label: 'late', timestamp: sqlTime(2), offset: 1 },
      { ...label, prediction_id: 'p', label: 'early', timestamp: sqlTime(1), offset: 2 },
      { ...label, prediction_id: 'q', label: 'first', timestamp: sqlTime(1), offset: 3 },
      { ...label, prediction_id: 'q', label: 'second', timestamp: sqlTime(1), offset: 4 },
    ]);
    const rows = await store.query('SELECT prediction_id, label FROM labels ORDER BY prediction_id');
    assert.deepEqual(rows, [
      { prediction_id: 'p', label: 'late' },
      { prediction_id: 'q', label: 'second' },
    ]);
  });

  it('writes windows of models as people do, and the first sight of versions', async () => {
    const model = {
      declared: 1,
      monitored: 0,
      timezone: 'UTC',
      segments: [],
      reference: '',
      first_seen: sqlTime(0),
      row_version: 1,
    };
    const lengths = { a: 86_400_000, b: 3_600_000, c: 90_000, d: 300_000, e: 7 * 86_400_000 };
    await store.insert(
      'model_rows',
      Object.entries(lengths).map(([name, window_ms]) => ({ ...model, model: name, window_ms })),
    );
    const rows = await store.query<{ window: string }>('SELECT window FROM models ORDER BY model');
    assert.deepEqual(
      rows.map(({ window: text }) => text),
      ['1d', '1h', '90s', '5m', '7d'],
    );
    await store.insert(
      'model_version_rows',
      [5, 3].map((at) => ({ model: 'm', version: '1', role: 'x', first_seen: sqlTime(at) })),
    );
    const seen = await store.query('SELECT version, toUnixTimestamp64Milli(first_seen) AS at FROM model_versions');
    assert.deepEqual(seen, [{ version: '1', at: 3 }]);
  });
});
