import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { quoteString } from '../../lib/core/sql/params.ts';
import type { Engine } from '../../lib/ports/engine.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import { exception } from './exception.ts';
import { isWhole } from './frames.ts';

const NODE = new Map([
  ['gzip', promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip)],
  ['x-gzip', promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip)],
  ['deflate', promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate)],
  ['br', promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)],
]);
const ENGINE = new Set(['zstd', 'lz4', 'xz']);

/**
 * The body without its Content-Encoding, at most `maxBytes` long. What Node 20 cannot unpack (zstd, lz4) the engine can,
 * from a file; only a writable server takes those, for inserts. Throws for others, and for bytes that cannot be unpacked.
 */
export async function decodeBody(
  body: Buffer,
  encoding: string,
  maxBytes: number,
  engine: Engine | null,
): Promise<Buffer> {
  if (encoding === '' || body.length === 0) return body;
  const unpack = NODE.get(encoding);
  try {
    if (unpack !== undefined) return await unpack(body, { maxOutputLength: maxBytes });
    if (engine !== null && ENGINE.has(encoding)) return await unpackByEngine(body, encoding, maxBytes, engine);
  } catch (error) {
    throw exception('INCORRECT_DATA', `the ${encoding} body cannot be unpacked: ${describeError(error)}`);
  }
  throw exception(
    'UNKNOWN_COMPRESSION_METHOD',
    `Content-Encoding ${encoding} is not supported here; send gzip or none`,
  );
}

async function unpackByEngine(body: Buffer, encoding: string, maxBytes: number, engine: Engine): Promise<Buffer> {
  if ((encoding === 'lz4' || encoding === 'zstd') && !isWhole(body, encoding)) throw new RangeError('it is cut off');
  const dir = await mkdtemp(join(tmpdir(), 'driftline-body-'));
  const session = engine.session();
  try {
    const path = join(dir, 'body');
    await writeFile(path, body);
    const file = `file(${quoteString(path)}, 'RawBLOB', 'body String', ${quoteString(encoding)})`;
    await session.run(`SET max_memory_usage = ${4 * maxBytes}`);
    const { bytes } = await session.run(`SELECT body FROM ${file}`, 'RawBLOB');
    if (bytes.length > maxBytes) throw new RangeError(`it holds more than ${maxBytes} bytes`);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } finally {
    session.close();
    await rm(dir, { recursive: true, force: true });
  }
}
