import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ChdbStore, openChdbStore } from '../../lib/adapters/chdb/index.ts';
import { migrate } from '../../lib/migrations/index.ts';
import { fillTemplate, splitStatements } from '../../lib/migrations/template.ts';
import type { Store } from '../../lib/ports/store.ts';
import { assetPath } from '../../lib/runtime/assets.ts';

describe('migration templates', () => {
  it('splits statements at semicolons outside of quotes and comments', () => {
    const text = "-- a; b\nSELECT ';' , `;`, 'it''s; \\'' /* ; */;\n\n SELECT 1 - 1 / 2;;\n-- end;";
    assert.deepEqual(splitStatements(text), ["SELECT ';' , `;`, 'it''s; \\''", 'SELECT 1 - 1 / 2']);
  });

  const create =
    'CREATE TABLE IF NOT EXISTS t {{on_cluster}} (a Int8) ENGINE = {{engine ReplacingMergeTree(a)}} ORDER BY a';

  it('fills in a single node', () => {
    const sql = fillTemplate(create, { database: 'd' });
    assert.equal(sql, 'CREATE TABLE IF NOT EXISTS t  (a Int8) ENGINE = ReplacingMergeTree(a) ORDER BY a');
    assert.match(fillTemplate(create.replace('(a)}}', '}}'), { database: 'd' }), /ENGINE = ReplacingMergeTree ORDER/);
  });

  it('fills in a cluster', () => {
    const sql = fillTemplate(create, { database: 'd', cluster: { name: 'main' } });
    const engine = "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/d/t', '{replica}', a)";
    assert.equal(sql, `CREATE TABLE IF NOT EXISTS t ON CLUSTER 'main' (a Int8) ENGINE = ${engine} ORDER BY a`);
    const bare = fillTemplate(create.replace('(a)}}', '}}'), { database: 'd', cluster: { name: 'main' } });
    assert.match(bare, /ReplicatedReplacingMergeTree\('\/clickhouse\/tables\/\{shard\}\/d\/t', '\{replica\}'\) ORDER/);
  });

  it('refuses placeholders that it does not know', () => {
    assert.throws(() => fillTemplate('SELECT {{what}}', { database: 'd' }), /\{\{what\}\}/);
    assert.throws(() => fillTemplate('SELECT {{engine X}}', { database: 'd' }), /outside a CREATE TABLE/);
  });
});

describe('migrate', () => {
  let dir: string;
  let store: ChdbStore;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'driftline-migrate-'));
    store = await openChdbStore({ dir: join(dir, 'data'), database: 'driftline' });
  });
  after(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });

  it('applies the files of this release once, also when run twice at once', async () => {
    const [first, second] = await Promise.all([migrate(store), migrate(store)]);
    assert.deepEqual([...new Set([...first, ...second])].sort(), [
      '0001_spine.sql',
      '0002_views.sql',
      '0003_leader_epoch.sql',
      '0004_idle_after_restart.sql',
      '0005_periods.sql',
      '0006_views_windows.sql',
      '0007_record_rows.sql',
      '0008_raw_codec.sql',
    ]);
    assert.deepEqual(await migrate(store), []);
    const names = await store.query('SELECT name FROM schema_migrations FINAL ORDER BY name');
    assert.deepEqual(names, [
      { name: '0001_spine.sql' },
      { name: '0002_views.sql' },
      { name: '0003_leader_epoch.sql' },
      { name: '0004_idle_after_restart.sql' },
      { name: '0005_periods.sql' },
      { name: '0006_views_windows.sql' },
      { name: '0007_record_rows.sql' },
      { name: '0008_raw_codec.sql' },
    ]);
  });

  it('keeps rows when a file is added, applies a changed view again, and refuses a changed table', async () => {
    const files = join(dir, 'files');
    await mkdir(files);
    const write = (name: string, sql: string) => writeFile(join(files, name), sql);
    const run = () => migrate(store, { dir: files });
    await write('0101_more.sql', 'CREATE TABLE more {{on_cluster}} (a Int8) ENGINE = {{engine MergeTree}} ORDER BY a;');
    await write('0102_views.sql', 'CREATE OR REPLACE VIEW more_view AS SELECT a FROM more;');
    assert.deepEqual(await run(), ['0101_more.sql', '0102_views.sql']);
    await store.insert('more', [{ a: 5 }]);
    await write('0102_views.sql', 'CREATE OR REPLACE VIEW more_view AS SELECT a * 2 AS a FROM more;');
    await write('0103_column.sql', 'ALTER TABLE more ADD COLUMN IF NOT EXISTS b Int8 DEFAULT a + 1;');
    assert.deepEqual(await run(), ['0102_views.sql', '0103_column.sql']);
    assert.deepEqual(await store.query('SELECT a, (SELECT b FROM more) AS b FROM more_view'), [{ a: 10, b: 6 }]);
    await write('0101_more.sql', 'DROP TABLE more;');
    await assert.rejects(run(), /0101_more\.sql was applied in another form/);
    assert.deepEqual(await store.query('SELECT a FROM more'), [{ a: 5 }]);
  });

  it('carries sealed windows and scores over to the tables of this release, each once however often it is tried', async () => {
    const old = join(dir, 'before-0005');
    await mkdir(old);
    for (const name of ['0001_spine.sql', '0003_leader_epoch.sql', '0004_idle_after_restart.sql']) {
      await copyFile(assetPath('infra', 'clickhouse', 'migrations', name), join(old, name));
    }
    await migrate(store, { dir: old });
    const key = { model: 'm', version: '1', role: 'champion', feature: 'x', segment: '' };
    const minute = { window_start: '2026-03-01 10:20:00.000', window_end: '2026-03-01 10:21:00.000' };
    const week = { window_start: '2026-03-02 00:00:00.000', window_end: '2026-03-09 00:00:00.000' };
    for (const _ of [1, 2]) {
      await store.insert('sealed_rows', [
        { ...key, ...minute, nan: 3, count: 5, covered: 7, state: 'complete', values: [1, 2], at_or_below: [1, 2] },
        { ...key, ...week, count: 6, covered: 8, state: 'revised', revision: 1 },
      ]);
      await store.insert('score_rows', [{ ...key, ...minute, monitor: 'd', metric: 'psi', score: 0.5, covered: 7 }]);
      await store.command("ALTER TABLE schema_migrations DELETE WHERE name >= '0005' SETTINGS mutations_sync = 2");
      await migrate(store);
    }
    const times = 'toString(hour_start) AS hour, toString(day_end) AS day';
    assert.deepEqual(
      await store.query(
        `SELECT \`nan\`, count, covered, values, state, ${times} FROM window_rows FINAL WHERE model = 'm' ORDER BY window_start`,
      ),
      [
        {
          nan: 3,
          count: 5,
          covered: 7,
          values: [1, 2],
          state: 'complete',
          hour: '2026-03-01 10:00:00.000',
          day: '2026-03-02 00:00:00.000',
        },
        {
          nan: 0,
          count: 6,
          covered: 8,
          values: [],
          state: 'revised',
          hour: '1970-01-01 00:00:00.000',
          day: '1970-01-01 00:00:00.000',
        },
      ],
    );
    assert.deepEqual(
      await store.query(
        "SELECT score, hour_end = '2026-03-01 11:00:00.000' AS ends FROM score_window_rows FINAL WHERE model = 'm'",
      ),
      [{ score: 0.5, ends: 1 }],
    );
    assert.deepEqual(
      await store.query('SELECT count() AS n FROM sealed_rows UNION ALL SELECT count() FROM score_rows'),
      [{ n: 0 }, { n: 0 }],
    );
  });

  it('goes on after a failure where it stopped', async () => {
    const files = join(dir, 'failing');
    await mkdir(files);
    const sql = 'CREATE TABLE IF NOT EXISTS half (a Int8) ENGINE = Memory;';
    await writeFile(
      join(files, '0201_half.sql'),
      `${sql}\nCREATE TABLE IF NOT EXISTS broken (a Nonsense) ENGINE = Memory;`,
    );
    await assert.rejects(migrate(store, { dir: files }), /Nonsense/);
    await writeFile(join(files, '0201_half.sql'), sql);
    assert.deepEqual(await migrate(store, { dir: files }), ['0201_half.sql']);
  });

  it('sends every statement of this release to the cluster it is given', async () => {
    const sent: string[] = [];
    const fake: Store = {
      ...store,
      command: async (sql) => void sent.push(sql),
      query: async () => [],
      insert: async () => {},
      insertNative: async () => {},
    };
    await migrate(fake, { cluster: { name: 'main' } });
    assert.ok(sent.length > 25);
    // Copies from one table to another are made where the rows are, and replicated from there.
    const copies = sent.filter((sql) => /^(INSERT|TRUNCATE)/.test(sql));
    assert.equal(copies.length, 4);
    for (const sql of sent.filter((each) => !copies.includes(each))) assert.match(sql, /ON CLUSTER 'main'/);
    for (const sql of sent.filter((text) => /^CREATE TABLE/.test(text)))
      assert.match(sql, /ENGINE = Replicated\w+MergeTree\('/);
  });
});
