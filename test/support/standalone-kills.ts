import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDriftline } from './driftline-process.ts';
import { checkCounted, isGone, nothingAnswered, postUntil } from './posting.ts';

const CONFIG = [
  'http: {port: 0}',
  'sql: {port: 0}',
  'aggregation: {flush_interval: 200ms, chunk_size: 256}',
  'models:',
  '  - name: m',
  '    window: 1h',
];

/** Arguments of a standalone on a data directory `name` in `dir`, where the configuration is written. */
export function standaloneIn(dir: string, name = 'data'): string[] {
  const config = join(dir, 'driftline.yaml');
  writeFileSync(config, CONFIG.join('\n'));
  return ['standalone', '--config', config, '--data', join(dir, name)];
}

/** Kills a standalone under HTTP load `kills` times, at the moments `moment` (0 to 1) says, and counts at the end. */
export async function killUnderLoad(kills: number, moment: () => number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'driftline-kill-'));
  const args = standaloneIn(dir);
  const answered = nothingAnswered();
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const driftline = await startDriftline(args);
      const loading = postUntil(driftline.http, `run${kill}`, answered, () => isGone(driftline));
      await sleep(300 + moment() * 2500);
      await driftline.end('SIGKILL');
      await loading;
    }
    assert.ok(answered.accepted.size > 200 * kills, `only ${answered.accepted.size} accepted: the test had no load`);
    const driftline = await startDriftline(args);
    try {
      await checkCounted(driftline.sql, answered);
    } finally {
      assert.equal(await driftline.end('SIGTERM'), 0);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
