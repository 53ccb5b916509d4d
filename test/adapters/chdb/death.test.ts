import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tellsDeath, watchForDeath } from '../../../lib/adapters/chdb/death.ts';
import { openChdbEngine } from '../../../lib/adapters/chdb/index.ts';
import { EngineError } from '../../../lib/ports/engine.ts';
import { type DriftlineProcess, select, startDriftline } from '../../support/driftline-process.ts';
import { eventually } from '../../support/eventually.ts';
import { signalThread } from '../../support/thread-signal.ts';

const ADAPTER = fileURLToPath(new URL('../../../lib/adapters/chdb/index.ts', import.meta.url));
const LOADER = fileURLToPath(import.meta.resolve('tsx'));
/** One of the engine's own threads, which merges and drops in the background. */
const ENGINE_THREAD = 'BgSchPool';
const dir = mkdtempSync(join(tmpdir(), 'driftline-death-'));
after(() => rmSync(dir, { recursive: true, force: true }));
let serial = 0;

/** A process with the store open. */
async function openElsewhere(): Promise<ChildProcess> {
  serial += 1;
  const data = join(dir, `store-${serial}`);
  const source = `import { openChdbStore } from ${JSON.stringify(ADAPTER)};
    const store = await openChdbStore({ dir: ${JSON.stringify(data)}, database: 'd' });
    await store.ping();
    console.log('open');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', LOADER, '--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

/** A process that listens to SIGABRT itself keeps libchdb's handler: the engine dies and the process does not. */
function startDying(command: string, ...args: string[]): Promise<DriftlineProcess> {
  serial += 1;
  const listening = '--import data:text/javascript,process.on(`SIGABRT`,()=>{})';
  const data = ['--data', join(dir, `data-${serial}`)];
  return startDriftline([command, ...data, '--port', '0', ...args], { NODE_OPTIONS: listening });
}

async function endsByName(driftline: DriftlineProcess): Promise<void> {
  const exited = once(driftline.child, 'exit');
  await exited;
  const { stderr } = driftline.output();
  assert.match(stderr, /"code":"engine_failed".*embedded ClickHouse engine in .* has died: .*due to a fatal error/);
  // An ordinary exit never ends: it waits for the thread that crashed.
  assert.equal(driftline.child.signalCode, 'SIGKILL', stderr);
}

describe('a crash of native code', { concurrency: false }, () => {
  it('in a thread of the engine ends the process at once, by its signal', async () => {
    const child = await openElsewhere();
    const exited = once(child, 'exit');
    signalThread(child.pid!, ENGINE_THREAD, 'SIGABRT');
    assert.deepEqual(await exited, [null, 'SIGABRT']);
  });

  it('in the thread that runs JavaScript does so too', async () => {
    const child = await openElsewhere();
    const exited = once(child, 'exit');
    signalThread(child.pid!, 'node', 'SIGSEGV');
    assert.deepEqual(await exited, [null, 'SIGSEGV']);
  });
});

describe('an engine that died while the process lives', { concurrency: false }, () => {
  it('ends the sql-server by name, once somebody asks', async () => {
    const server = await startDying('sql-server');
    assert.deepEqual(await select(server.sql, 'SELECT 42 AS answer'), [{ answer: 42 }]);
    signalThread(server.child.pid!, ENGINE_THREAD, 'SIGABRT');
    const ended = endsByName(server);
    await eventually('it says so', async () =>
      select(server.sql, 'SELECT 42 AS answer').then(
        () => false,
        (error: Error) => /fatal error|fetch failed/.test(error.message),
      ),
    );
    await ended;
  });

  it('ends a standalone by name, whose own work meets it', async () => {
    const standalone = await startDying('standalone', '--sql-port', '0');
    signalThread(standalone.child.pid!, ENGINE_THREAD, 'SIGABRT');
    await endsByName(standalone);
  });
});

test('only what a second statement confirms is a death', async () => {
  const dead = new EngineError('The server is shutting down due to a fatal error.', 236, 'ABORTED');
  assert.equal(tellsDeath(dead), true);
  assert.equal(tellsDeath(new EngineError('Cancelled merging parts', 236, 'ABORTED')), false);

  const watch = watchForDeath(async () => {});
  watch.saw(dead);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(watch.dead, false, 'another connection is answered');
});

test('a SQL client that words an error like a death ends nothing', async () => {
  const engine = await openChdbEngine(join(dir, 'words'));
  const session = engine.session();
  await assert.rejects(
    session.run(
      "SELECT throwIf(1, 'The server is shutting down due to a fatal error', toInt16(236)) SETTINGS allow_custom_error_code_in_throwif = 1",
    ),
    (error) => error instanceof EngineError && tellsDeath(error),
  );
  assert.equal((await session.run('SELECT 1', 'TSV')).rows, 1);
  let failed = false;
  engine.failed.catch(() => {
    failed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(failed, false);
  session.close();
  await engine.close();
});
