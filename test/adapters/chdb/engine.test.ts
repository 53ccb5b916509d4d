import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ChdbStore, openChdbEngine, openChdbStore } from '../../../lib/adapters/chdb/index.ts';
import { EngineError } from '../../../lib/ports/engine.ts';

const ADAPTER = fileURLToPath(new URL('../../../lib/adapters/chdb/index.ts', import.meta.url));
const LOADER = fileURLToPath(import.meta.resolve('tsx'));

/** Runs `script` as a module in another process, with `open` in scope; resolves to what it printed. */
async function inAnotherProcess(script: string, until = 'exit'): Promise<string> {
  const source = `import { openChdbStore as open } from ${JSON.stringify(ADAPTER)};\n${script}`;
  const child = spawn(process.execPath, ['--import', LOADER, '--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString('utf8');
    if (until !== 'exit' && output.includes(until)) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return output;
}

describe('the embedded engine', () => {
  let dir: string;
  let data: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'driftline-engine-'));
    data = join(dir, 'data');
  });
  after(async () => {
    await rm(dir, { recursive: true });
  });

  it('keeps what another process inserted before it was killed', async () => {
    const script = `const store = await open({ dir: ${JSON.stringify(data)}, database: 'd' });
      await store.command('CREATE TABLE t (i UInt64) ENGINE = MergeTree ORDER BY i');
      for (let i = 1; i <= 20; i += 1) await store.insert('t', [{ i }]);
      console.log('inserted');
      setInterval(() => {}, 1000);`;
    assert.match(await inAnotherProcess(script, 'inserted'), /inserted/);
    const store = await openChdbStore({ dir: data, database: 'd' });
    assert.deepEqual(await store.query('SELECT count() AS n, max(i) AS last FROM t'), [{ n: 20, last: 20 }]);
    await store.close();
  });

  it('tells a second process who holds the directory, and works on', async () => {
    const store = await openChdbStore({ dir: data, database: 'd' });
    const script = `await open({ dir: ${JSON.stringify(data)}, database: 'd' }).catch((error) => console.log(error.message));`;
    const message = await inAnotherProcess(script);
    assert.ok(
      message.includes(data) && message.includes('another process has it open') && message.includes('sql-server'),
      message,
    );
    assert.deepEqual(await store.query('SELECT 1 AS one'), [{ one: 1 }]);
    await store.close();
  });

  it('shows no file of the machine as a table, also when opened again', async () => {
    const secret = join(dir, 'secret.txt');
    await writeFile(secret, 'top secret\n');
    for (let round = 0; round < 2; round += 1) {
      const engine = await openChdbEngine(data);
      const session = engine.session();
      await assert.rejects(
        session.run(`SELECT * FROM default.\`${secret}\``),
        (error) => error instanceof EngineError && error.code === 60,
      );
      session.close();
      await engine.close();
    }
  });

  it('refuses a directory whose default database holds tables, and leaves them', async () => {
    const foreign = join(dir, 'foreign');
    const script = `import { createRequire } from 'node:module';
      const { Session } = createRequire(${JSON.stringify(ADAPTER)})('chdb');
      const session = new Session(${JSON.stringify(foreign)});
      session.query('CREATE TABLE default.kept (a Int8) ENGINE = MergeTree ORDER BY a');
      session.query('INSERT INTO default.kept VALUES (7)');
      session.close();`;
    await inAnotherProcess(script);
    await assert.rejects(openChdbEngine(foreign), /holds 1 tables in the database default/);
    const look = `import { createRequire } from 'node:module';
      const { Session } = createRequire(${JSON.stringify(ADAPTER)})('chdb');
      const session = new Session(${JSON.stringify(foreign)});
      console.log(session.query('SELECT a FROM default.kept', 'TSV').trim());
      session.close();`;
    assert.equal(await inAnotherProcess(look), '7\n');
  });

  it('gives each session settings and parameters of its own', async () => {
    const engine = await openChdbEngine(data);
    const [first, second] = [engine.session(), engine.session()];
    await first.run('SET max_threads = 3, param_x = 5');
    const text = async (session: typeof first, sql: string) =>
      Buffer.from((await session.run(sql, 'TSV')).bytes).toString('utf8');
    assert.equal(await text(first, "SELECT getSetting('max_threads'), {x:UInt8}"), '3\t5\n');
    assert.notEqual(await text(second, "SELECT getSetting('max_threads')"), '3\n');
    await assert.rejects(second.run('SELECT {x:UInt8}'), (error) => error instanceof EngineError && error.code === 456);
    first.close();
    second.close();
    await engine.close();
  });

  it('lets a quick query pass slow ones while a reader is free, and then waits its turn', async () => {
    const store: ChdbStore = await openChdbStore({ dir: data, database: 'd', readers: 2 });
    const done: string[] = [];
    const run = (name: string, sql: string) => store.query(sql).then(() => done.push(name));
    await Promise.all([run('slow', 'SELECT sleep(0.6)'), run('quick', 'SELECT 1'), run('second', 'SELECT 2')]);
    assert.deepEqual(done, ['quick', 'second', 'slow']);
    await store.close();
  });
});
