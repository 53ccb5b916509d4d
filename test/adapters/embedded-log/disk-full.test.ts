import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';
import { Recorder } from '../../conformance/log/recorder.ts';
import { eventually } from '../../support/eventually.ts';

const CHILD = fileURLToPath(new URL('./append-until-full.ts', import.meta.url));

it('rejects appends when the disk takes no more, keeps what was acknowledged, and works again with room', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-log-'));
  // A limit of 8 MB on the size of files stands for the full disk.
  const command = 'ulimit -f 8192 && exec "$0" --import tsx "$1" "$2"';
  const { stdout } = await promisify(execFile)('bash', ['-c', command, process.execPath, CHILD, dir]);
  const { acknowledged, failure, offsets } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  assert.equal(failure.name, 'LogUnavailableError');
  assert.ok(failure.message.includes(dir), failure.message);
  assert.ok(acknowledged > 10);
  assert.deepEqual(offsets, { partition: 0, beginning: 0, end: acknowledged });

  const log = await createEmbeddedLog({ dir, partitions: 1 });
  await log.append('full', [{ key: null, value: 'room again' }]);
  const recorder = new Recorder();
  await log.consume({ group: 'g', topics: ['full'], handlers: recorder });
  await eventually('all records', () => recorder.records.length === acknowledged + 1);
  for (const { offset, value } of recorder.records.slice(0, -1)) {
    assert.ok(value?.equals(Buffer.alloc(50_000, offset % 256)));
  }
  assert.equal(recorder.records.at(-1)!.value?.toString(), 'room again');
  await log.close();
  await rm(dir, { recursive: true });
});
