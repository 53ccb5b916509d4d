/** Child process of spool.test.ts: inserts a block larger than its shell lets files be, then one that is not; reports as JSON. */
import { readdir } from 'node:fs/promises';
import { openChdbStore } from '../../../lib/adapters/chdb/index.ts';
import { NativeBlock, TEXT } from '../../../lib/core/sql/native.ts';

function blockOf(rows: number): Uint8Array[] {
  const block = new NativeBlock();
  const text = block.values('s', TEXT);
  for (let i = 0; i < rows; i += 1) text.add('x'.repeat(1_000));
  return [block.take()!];
}

const dir = process.argv[2]!;
const store = await openChdbStore({ dir, database: 'full', readers: 1 });
await store.command('CREATE TABLE t (s String) ENGINE = MergeTree ORDER BY tuple()');
const failure = await store.insertNative('t', ['s'], blockOf(4_000)).then(
  () => null,
  (error: Error) => ({ name: error.name, message: error.message }),
);
await store.insertNative('t', ['s'], blockOf(10));
const rows = await store.query('SELECT count() AS n FROM t');
const files = (await readdir(dir)).filter((name) => name.startsWith('driftline'));
await store.close();
console.log(JSON.stringify({ failure, rows, files }));
