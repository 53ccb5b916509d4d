import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openChdbStore } from '../../lib/adapters/chdb/index.ts';
import { openCsv } from '../../lib/adapters/csv/index.ts';
import type { ModelSpec } from '../../lib/core/monitors/types.ts';
import { cdfAtOrBelow } from '../../lib/core/sketch/numeric.ts';
import { migrate } from '../../lib/migrations/index.ts';
import type { Store } from '../../lib/ports/store.ts';
import { registerReference } from '../../lib/registry/references.ts';
import { loadAggregationSpec } from '../../lib/registry/spec.ts';
import { loadConfig } from '../../lib/runtime/config/index.ts';
import { loadBaseline } from '../../lib/tables/baselines.ts';

const dir = mkdtempSync(join(tmpdir(), 'driftline-registry-'));
const file = join(dir, 'reference.csv');
const DAY = 86_400_000;
let store: Store;

before(async () => {
  const rows = Array.from({ length: 2000 }, (_, i) => {
    const at = new Date(Date.UTC(2020, 0, 1) + (i % 4) * DAY + i).toISOString();
    return `r${i},${at},${i % 100},${['a', 'b', 'c'][i % 3]},${i % 10 === 0 ? '' : i / 7},${i % 2 === 0 ? 'True' : 'False'},${i % 5},0.${i % 9}`;
  });
  writeFileSync(file, ['id,at,integer,letter,gappy,flag,zip,proba', ...rows, ''].join('\n'));
  store = await openChdbStore({ dir: join(dir, 'store'), database: 'driftline' });
  await migrate(store);
});
after(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

const model: ModelSpec = {
  name: 'm',
  windowMs: DAY,
  timezone: 'UTC',
  segments: [],
  reference: { name: 'base', file },
  columns: { id: 'id', timestamp: 'at', score: 'proba' },
  categorical: ['zip'],
  ignore: [],
};

test('a reference is frozen once by content, and comes back as it was frozen', async () => {
  assert.equal(await loadBaseline(store, 'm', 'base'), null);
  assert.equal(await registerReference(model, store, openCsv), true);
  assert.equal(await registerReference(model, store, openCsv), false, 'unchanged: not read again');
  const first = await loadBaseline(store, 'm', 'base');
  assert.ok(first);
  const kinds = Object.fromEntries([...first.columns].map(([name, column]) => [name, column.sketch.kind]));
  assert.deepEqual(kinds, {
    flag: 'boolean',
    gappy: 'numeric',
    integer: 'numeric',
    letter: 'categorical',
    'prediction.score': 'numeric',
    zip: 'categorical',
  });
  const integer = first.columns.get('integer');
  assert.ok(integer?.sketch.kind === 'numeric');
  assert.deepEqual(integer.psiEdges.length, 9);
  assert.equal(cdfAtOrBelow(integer.sketch.numeric, 49), 1000, 'ties are exact');
  assert.ok(
    integer.grid.kind === 'numeric' &&
      integer.psiEdges.every((edge) => integer.grid.kind === 'numeric' && integer.grid.edges.includes(edge)),
  );
  const gappy = first.columns.get('gappy');
  assert.deepEqual([gappy?.sketch.count, gappy?.sketch.missing], [2000, 200]);
  assert.equal(gappy?.spread.missing_rate?.windows, 4, 'one stretch a day');

  appendFileSync(file, 'r9999,2020-01-02,7,d,1,True,9,0.5\n');
  assert.equal(await registerReference(model, store, openCsv), true);
  const second = await loadBaseline(store, 'm', 'base');
  assert.notEqual(second?.version, first.version);
  assert.equal(second?.columns.get('letter')?.sketch.count, 2001);
});

test('the same file read with another mapping is another version', async () => {
  const before = (await loadBaseline(store, 'm', 'base'))?.version;
  assert.equal(await registerReference({ ...model, ignore: ['flag'] }, store, openCsv), true);
  const now = await loadBaseline(store, 'm', 'base');
  assert.notEqual(now?.version, before);
  assert.equal(now?.columns.has('flag'), false);
});

test('the spec names each declared model with the kinds and grids of its baseline, and is the same for the same state', async () => {
  const config = loadConfig({ env: { DRIFTLINE_AGGREGATION_HORIZON: '2d' } });
  const spec = await loadAggregationSpec({ ...config, models: [{ ...model, segments: ['z', 'a'] }] }, store);
  assert.equal(spec.horizonMs, 2 * DAY);
  assert.deepEqual(spec.models[0]?.segments, ['a', 'z']);
  assert.deepEqual(
    spec.models[0]?.columns.map((column) => column.name),
    ['gappy', 'integer', 'letter', 'prediction.score', 'zip'],
  );
  assert.deepEqual(await loadAggregationSpec({ ...config, models: [{ ...model, segments: ['a', 'z'] }] }, store), spec);
});

test('what cannot be read names the file and the fault', async () => {
  const lacking = { ...model, columns: { ...model.columns, prediction: 'yhat' } };
  await assert.rejects(
    registerReference(lacking, store, openCsv),
    /reference\.csv: no such column: prediction: yhat \(it has id, at/,
  );
  appendFileSync(file, 'r10000,soon,7,d,1,True,9,0.5\n');
  await assert.rejects(registerReference(model, store, openCsv), /reference\.csv: row 2002: "soon" is not a timestamp/);
});
