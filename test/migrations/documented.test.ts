import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ChdbStore, openChdbStore } from '../../lib/adapters/chdb/index.ts';
import { migrate } from '../../lib/migrations/index.ts';
import { assetPath } from '../../lib/runtime/assets.ts';

describe('docs/topics-and-views.md', () => {
  let dir: string;
  let store: ChdbStore;
  let page: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'driftline-docs-'));
    store = await openChdbStore({ dir, database: 'driftline', readers: 1 });
    await migrate(store);
    page = await readFile(assetPath('docs', 'topics-and-views.md'), 'utf8');
  });
  after(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });

  function section(title: string): string {
    return page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
  }

  it('describes every column of every view with its type and order, and no other', async () => {
    const columns = await store.query<{ table: string; columns: [string, string][] }>(`
      SELECT table, groupArray((name, type)) AS columns FROM (
        SELECT table, name, type FROM system.columns WHERE database = currentDatabase() ORDER BY table, position)
      WHERE table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' AND name != 'open_chunk_rows')
      GROUP BY table ORDER BY table`);
    assert.ok(columns.length >= 12);
    const described = [...page.matchAll(/^## (\w+)\n\n.+\n\n\| column \|/gm)].map((match) => match[1]).sort();
    assert.deepEqual(
      described,
      columns.map(({ table }) => table),
    );
    for (const { table, columns: actual } of columns) {
      const rows = [...section(table).matchAll(/^\| `([^`]+)` \| `([^`]+)` \| .+ \|$/gm)].map((match) => [
        match[1],
        match[2],
      ]);
      assert.deepEqual(rows, actual, table);
    }
  });

  it('describes every table and no other', async () => {
    const tables = await store.query<{ name: string }>(`
      SELECT name FROM system.tables WHERE database = currentDatabase() AND (engine != 'View' OR name = 'open_chunk_rows') ORDER BY name`);
    const described = [...section('Tables').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]).sort();
    assert.deepEqual(
      described,
      tables.map(({ name }) => name),
    );
  });

  it('gives every view a comment in the store', async () => {
    const bare = await store.query(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' AND comment = ''",
    );
    assert.deepEqual(bare, []);
  });
});
