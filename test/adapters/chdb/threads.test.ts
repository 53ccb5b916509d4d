import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CHILD = fileURLToPath(new URL('./append-beside-queries.ts', import.meta.url));

test('slow queries and statements leave a thread to the log, even where Node has its four', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-threads-'));
  try {
    const env = { ...process.env, UV_THREADPOOL_SIZE: '4' };
    const child = promisify(execFile)(process.execPath, ['--import', 'tsx', CHILD, dir], { env, timeout: 60_000 });
    const { stdout } = await child;
    assert.ok(Number(stdout) < 1_500, `an append took ${stdout.trim()} ms beside queries of 3 s`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
