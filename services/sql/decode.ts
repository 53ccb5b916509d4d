import { Readable } from 'node:stream';
import { quoteString } from '../../lib/core/sql/params.ts';
import type { Engine } from '../../lib/ports/engine.ts';
import { cannotUnpack, type Data, isUnpacked, receiveData, unknownEncoding, unpacked } from './body.ts';
import type { BodyFiles } from './body-file.ts';

/**
 * The body without its Content-Encoding, at most `most` bytes. What Node 20 cannot unpack (zstd, lz4, xz) the engine can;
 * only a writable server takes those. Throws EngineError for others, and for bytes that cannot be unpacked.
 */
export async function decodeBody(
  body: Buffer,
  encoding: string,
  { engine, files, most, writable }: { engine: Engine; files: BodyFiles; most: number; writable: boolean },
): Promise<Buffer> {
  if (encoding === '' || body.length === 0) return body;
  if (isUnpacked(encoding)) return collect(unpacked(Readable.from([body]), encoding, most));
  if (!writable) throw unknownEncoding(encoding);
  const data = await receiveData(Readable.from([body]), encoding, { files, most });
  try {
    return await unpackByEngine(data, most, engine);
  } finally {
    await data.file.close();
  }
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function unpackByEngine({ file, compression }: Data, most: number, engine: Engine): Promise<Buffer> {
  const session = engine.session();
  try {
    const source = `file(${quoteString(file.path)}, 'RawBLOB', 'body String', ${quoteString(compression)})`;
    await session.run(`SET max_memory_usage = ${4 * most}`);
    const { bytes } = await session.run(`SELECT body FROM ${source}`, 'RawBLOB');
    if (bytes.length > most) throw new RangeError(`it holds more than ${most} bytes`);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    throw cannotUnpack(compression, error);
  } finally {
    session.close();
  }
}
