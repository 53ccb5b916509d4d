import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openSpool } from '../../../lib/adapters/chdb/spool.ts';

const CHILD = fileURLToPath(new URL('./insert-until-full.ts', import.meta.url));
let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'driftline-spool-'));
});
after(() => rm(dir, { recursive: true }));

it('holds what it was filled with last, be it shorter, and takes up a name that a crash has left', async () => {
  await writeFile(join(dir, 'driftline-insert'), 'left over');
  const spool = await openSpool(dir);
  const bytes = (text: string) => Buffer.from(text);
  const filled = async (...pieces: Buffer[]) => {
    const { path, length } = await spool.fill(pieces);
    const text = await readFile(path, 'utf8');
    assert.equal(length, text.length);
    return text;
  };
  assert.equal(await filled(bytes('a long one'), bytes(', in pieces')), 'a long one, in pieces');
  assert.equal(await filled(bytes('short')), 'short');
  assert.equal(await filled(), '');
  await spool.close();
});

it('says that the store is unavailable while the disk takes no more, and inserts again with room', async () => {
  // A limit of 2 MB on the size of files stands for the full disk.
  const command = 'ulimit -f 2048 && exec "$0" --import tsx "$1" "$2"';
  const { stdout } = await promisify(execFile)('bash', ['-c', command, process.execPath, CHILD, join(dir, 'data')]);
  const { failure, rows, files } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  assert.equal(failure?.name, 'StoreUnavailableError');
  assert.match(failure.message, /EFBIG/);
  assert.deepEqual(rows, [{ n: 10 }]);
  assert.deepEqual(files, [], 'nothing is left when it closes, and while it runs nothing has a name');
});
