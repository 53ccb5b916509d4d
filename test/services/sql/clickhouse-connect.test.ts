import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openChdbEngine } from '../../../lib/adapters/chdb/index.ts';
import { createLogger } from '../../../lib/runtime/logging.ts';
import { createSqlServer } from '../../../services/sql/index.ts';

const PYTHON = fileURLToPath(new URL('../../../.cache/python/bin/python', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./read_with_connect.py', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'driftline-connect-'));
const ends: (() => Promise<unknown>)[] = [];
const ports = { write: '', read: '' };

before(async () => {
  const engine = await openChdbEngine(dir);
  ends.push(() => engine.close());
  const logger = createLogger({ name: 'test', level: 'silent' });
  for (const mode of ['write', 'read'] as const) {
    const server = createSqlServer({
      engine,
      host: '127.0.0.1',
      port: 0,
      writable: mode === 'write',
      database: 'driftline',
      logger,
    });
    await server.start();
    ends.push(() => server.stop());
    ports[mode] = new URL(server.url).port;
  }
  const created = await fetch(`http://127.0.0.1:${ports.write}/`, {
    method: 'POST',
    body: 'CREATE DATABASE IF NOT EXISTS driftline',
  });
  assert.equal(created.status, 200, await created.text());
});
after(async () => {
  for (const end of ends.reverse()) await end();
  rmSync(dir, { recursive: true, force: true });
});

interface Seen {
  rows: unknown[][];
  unknown_column: string | null;
  drop: string | null;
}

async function connect(mode: 'write' | 'read'): Promise<Seen> {
  const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT, ports[mode], mode], { timeout: 60_000 });
  return JSON.parse(stdout) as Seen;
}

const ROWS = [
  [1, "a'\n€", 0.1, ['x', 'y']],
  [2, '', null, []],
];

test('clickhouse-connect inserts through sql-server and reads the same rows back, with the error codes of a server', async () => {
  const seen = await connect('write');
  assert.deepEqual(seen.rows, ROWS);
  assert.match(seen.unknown_column ?? '', /UNKNOWN_IDENTIFIER|code:? 47/i);
});

test('clickhouse-connect reads on the public port, and can do nothing but read', async () => {
  const seen = await connect('read');
  assert.deepEqual(seen.rows, ROWS);
  assert.match(seen.unknown_column ?? '', /UNKNOWN_IDENTIFIER|code:? 47/i);
  assert.match(seen.drop ?? '', /READONLY|code:? 164/i);
  assert.deepEqual((await connect('read')).rows, ROWS, 'the table is still there');
});
