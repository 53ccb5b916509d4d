import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';
import { LogUnavailableError } from '../../../lib/ports/log.ts';
import { Recorder } from '../../conformance/log/recorder.ts';
import { eventually } from '../../support/eventually.ts';

const CHILD = fileURLToPath(new URL('./append-until-killed.ts', import.meta.url));

interface Appending {
  process: ChildProcess;
  lines: string[];
}

/** Starts the child and waits until it has the log open. */
async function startChild(dir: string, mode: 'append' | 'hold'): Promise<Appending> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, dir, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await eventually('the child has opened the log', () => lines[0] === 'open');
  return { process: child, lines };
}

async function killChild({ process: child }: Appending): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'close');
}

describe('embedded log over processes', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'driftline-log-'));
  });
  after(() => rm(dir, { recursive: true }));

  it('keeps every acknowledged record over SIGKILL, whole calls only, in order', async () => {
    const acknowledged = new Set<string>();
    for (let round = 0; round < 2; round += 1) {
      const child = await startChild(dir, 'append');
      await eventually('some hundred acknowledgements', () => child.lines.length > 300);
      await killChild(child);
      for (const line of child.lines.slice(1)) acknowledged.add(`${round}:${line}`);
    }
    const log = await createEmbeddedLog({ dir, partitions: 2 });
    const recorder = new Recorder();
    await log.consume({ group: 'check', topics: ['kept'], handlers: recorder });
    const expected = (await log.offsets('kept')).reduce((sum, { end }) => sum + end, 0);
    await eventually('all records', () => recorder.records.length === expected);
    await log.close();
    recorder.assertContractKept();
    // Turns begin again at 0 with the second child, so a value met a second time is the second child's.
    const seen = new Map<string, number>();
    for (const record of recorder.records) {
      const value = record.value!.toString();
      seen.set(value, (seen.get(value) ?? 0) + 1);
    }
    for (const line of acknowledged) {
      const [round, call] = line.split(':');
      for (let index = 0; index < 5; index += 1) {
        const copies = seen.get(`${call}-${index}`) ?? 0;
        const wanted = round === '1' && acknowledged.has(`0:${call}`) ? 2 : 1;
        assert.ok(copies >= wanted, `${line}, record ${index}: found ${copies} times`);
      }
    }
    assert.equal(expected % 5, 0, 'a call is in the log as a whole or not at all');
    for (const partition of [0, 1]) {
      const offsets = recorder.offsets('kept', partition);
      assert.deepEqual(
        offsets,
        offsets.map((_, index) => index),
      );
    }
  });

  it('refuses a directory in use, here and in another process, and takes over a dead owner', async () => {
    const child = await startChild(dir, 'hold');
    await assert.rejects(createEmbeddedLog({ dir, partitions: 1 }), (error: Error) => {
      assert.ok(error instanceof LogUnavailableError);
      assert.match(error.message, new RegExp(`${dir} is in use by process ${child.process.pid}`));
      return true;
    });
    await killChild(child);
    const log = await createEmbeddedLog({ dir, partitions: 1 });
    await assert.rejects(createEmbeddedLog({ dir, partitions: 1 }), /in use by process/);
    await log.append('kept', [{ key: null, value: 'still works' }]);
    await log.close();
    const again = await createEmbeddedLog({ dir, partitions: 1 });
    await again.close();
  });
});
