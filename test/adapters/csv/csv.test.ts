import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openCsv } from '../../../lib/adapters/csv/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'driftline-csv-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

async function read(path: string): Promise<unknown> {
  const table = await openCsv(path);
  const rows = [];
  for await (const row of table.rows) rows.push(row);
  return { columns: table.columns, rows };
}

test('quotes, embedded separators and line ends, a byte order mark, gzip', async () => {
  const text = '\uFEFFa,b\n1,"x, ""y""\nz"\n';
  const expected = { columns: ['a', 'b'], rows: [['1', 'x, "y"\nz']] };
  assert.deepEqual(await read(file('plain.csv', text)), expected);
  assert.deepEqual(await read(file('packed.csv.gz', gzipSync(text))), expected);
});

test('what cannot be read is named: file, and line where it is known', async () => {
  await assert.rejects(read(join(dir, 'absent.csv')), /absent\.csv: no such file/);
  await assert.rejects(read(file('empty.csv', '')), /empty\.csv: empty file/);
  await assert.rejects(read(file('ragged.csv', 'a,b\n1,2\n3\n')), /ragged\.csv: .*line 3/i);
  await assert.rejects(
    read(file('broken.csv.gz', gzipSync('a,b\n1,2\n').subarray(0, 15))),
    /broken\.csv\.gz: unexpected end of file/,
  );
});
