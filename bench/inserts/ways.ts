import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteWriter } from '../../lib/core/sql/byte-writer.ts';
import type { EngineSession } from '../../lib/ports/engine.ts';
import type { Row, Store } from '../../lib/ports/store.ts';
import { sqlTime } from '../../lib/tables/time.ts';
import type { Case, Rows } from './cases.ts';

/** One way from rows in memory to rows that are durable. */
export interface Way {
  name: string;
  insert(rows: Rows): Promise<void>;
}

/** Ways through the store port: over HTTP or embedded. The first is the baseline. */
export function storeWays(store: Store, { table }: Case): Way[] {
  return [
    { name: 'JSONEachRow', insert: ({ objects }) => store.insert(table, objects.map(withSqlTimes)) },
    { name: 'Native', insert: (rows) => rows.insert(store) },
  ];
}

/** What else the embedded engine takes: measured, not used. */
export function otherWays(session: EngineSession, bench: Case): Way[] {
  const into = `INSERT INTO ${bench.table} (${bench.columns.map(([name]) => `\`${name}\``).join(', ')})`;
  const run = async (sql: string): Promise<void> => void (await session.run(sql));
  const binary: Way = {
    name: 'RowBinary',
    insert: ({ objects }) =>
      throughFile(rowBinary(bench, objects), (path) =>
        run(`${into} FROM INFILE '${path}' COMPRESSION 'none' FORMAT RowBinary`),
      ),
  };
  if (!bench.columns.some(([, type]) => isFloats(type))) return [binary];
  const base64: Way = {
    name: 'base64 columns',
    insert: ({ objects }) =>
      throughFile(Buffer.from(base64Rows(bench, objects)), (path) => run(`${into} ${base64Select(bench, path)}`)),
  };
  return [base64, binary];
}

const isFloats = (type: string) => type === 'Array(Float64)';
const isTime = (type: string) => type.startsWith('DateTime64');

function withSqlTimes(row: Row): Row {
  const times = ['timestamp', 'window_start', 'window_end'].filter((name) => name in row);
  const arrays = Object.entries(row).flatMap(([name, value]) =>
    value instanceof Float64Array ? [[name, Array.from(value)] as const] : [],
  );
  return {
    ...row,
    ...Object.fromEntries(arrays),
    ...Object.fromEntries(times.map((name) => [name, sqlTime(row[name] as number)])),
  };
}

function rowBinary({ columns }: Case, rows: readonly Row[]): Uint8Array {
  const out = new ByteWriter(1024 * 1024);
  const writers = columns.map(([name, type]) => [name, WRITERS[isTime(type) ? 'time' : type]!] as const);
  for (const row of rows) for (const [name, write] of writers) write(out, row[name]);
  return out.written();
}

type Write = (out: ByteWriter, value: unknown) => void;

const nullable =
  (write: Write): Write =>
  (out, value) => {
    out.uint8(value === null ? 1 : 0);
    if (value !== null) write(out, value);
  };
const array =
  (write: Write): Write =>
  (out, value) => {
    const items = value as ArrayLike<unknown>;
    out.varint(items.length);
    if (items instanceof Float64Array) out.raw(new Uint8Array(items.buffer, items.byteOffset, items.byteLength));
    else for (let i = 0; i < items.length; i += 1) write(out, items[i]);
  };
const text: Write = (out, value) => out.string(value as string);
const float: Write = (out, value) => out.float64(value as number);
const uint64: Write = (out, value) => out.uint64(value as number);

const WRITERS: Readonly<Record<string, Write>> = {
  String: text,
  UInt32: (out, value) => out.uint32(value as number),
  UInt64: uint64,
  Float64: float,
  time: (out, value) => out.dateTime64(value as number),
  'Nullable(String)': nullable(text),
  'Nullable(Float64)': nullable(float),
  'Array(Float64)': array(float),
  'Array(String)': array(text),
  'Array(UInt64)': array(uint64),
};

async function throughFile(bytes: Uint8Array, work: (path: string) => Promise<void>): Promise<void> {
  const path = join(tmpdir(), `driftline-bench-${process.pid}`);
  const file = await open(path, 'w+');
  try {
    await unlink(path);
    await file.writeFile(bytes);
    await work(`/dev/fd/${file.fd}`);
  } finally {
    await file.close();
  }
}

function base64Select({ columns }: Case, path: string): string {
  const structure = columns.map(
    ([name, type]) => `\`${name}\` ${isFloats(type) ? 'String' : isTime(type) ? 'Int64' : type}`,
  );
  const values = columns.map(([name, type]) => {
    if (isTime(type)) return `fromUnixTimestamp64Milli(\`${name}\`)`;
    return isFloats(type) ? `reinterpret(base64Decode(\`${name}\`), 'Array(Float64)')` : `\`${name}\``;
  });
  return `SELECT ${values.join(', ')} FROM file('${path}', 'JSONEachRow', '${structure.join(', ')}', 'none')`;
}

function base64Rows({ columns }: Case, rows: readonly Row[]): string {
  const floats = columns.flatMap(([name, type]) => (isFloats(type) ? [name] : []));
  const encoded = rows.map((row) => ({
    ...row,
    ...Object.fromEntries(floats.map((name) => [name, base64(row[name] as Float64Array)])),
  }));
  return encoded.map((row) => JSON.stringify(row)).join('\n');
}

function base64(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}
