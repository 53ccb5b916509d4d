import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { EngineError } from '../../lib/ports/engine.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import type { BodyFile, BodyFiles } from './body-file.ts';
import { exception } from './exception.ts';
import { isWhole } from './frames.ts';

/** An INSERT's data in a file. */
export interface Data {
  file: BodyFile;
  /** What the engine has to undo when it reads it. */
  compression: string;
}

const UNPACKERS = new Map<string, () => Transform & { bytesWritten: number }>([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  ['deflate', () => zlib.createInflate()],
  ['br', () => zlib.createBrotliDecompress()],
]);
/** What Node 20 cannot unpack and the engine can. */
const ENGINE = new Set(['zstd', 'lz4', 'xz']);

/** The whole body as it came, at most `most` bytes. Throws EngineError for a longer one. */
export async function receive(message: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of limited(message, most)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The body in a file, its Content-Encoding undone or left to the engine: no more of it is in memory than a few
 * chunks. `most`: bytes of it, as sent and unpacked. Throws EngineError for a longer one, for an encoding not known and for
 * bytes that cannot be unpacked.
 */
export async function receiveData(
  source: Readable,
  encoding: string,
  { files, most }: { files: BodyFiles; most: number },
): Promise<Data> {
  if (encoding !== '' && !isUnpacked(encoding) && !ENGINE.has(encoding)) throw unknownEncoding(encoding);
  const file = await files.take();
  try {
    const chunks = isUnpacked(encoding) ? unpacked(source, encoding, most) : limited(source, most);
    for await (const chunk of chunks) await file.append(chunk);
    const packed = ENGINE.has(encoding) && file.length > 0;
    if (packed) await requireWhole(file, encoding);
    return { file, compression: packed ? encoding : 'none' };
  } catch (error) {
    await file.close();
    throw error;
  }
}

export function unknownEncoding(encoding: string): EngineError {
  return exception(
    'UNKNOWN_COMPRESSION_METHOD',
    `Content-Encoding ${encoding} is not supported here; send gzip or none`,
  );
}

export function cannotUnpack(encoding: string, error: unknown): EngineError {
  return exception('INCORRECT_DATA', `the ${encoding} body cannot be unpacked: ${describeError(error)}`);
}

async function* limited(source: Readable, most: number): AsyncGenerator<Buffer> {
  let length = 0;
  // Who sends is to hear of an error, so that the connection has to stay.
  for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most)
      throw exception('QUERY_IS_TOO_LARGE', `the body is larger than this server takes (${most} bytes)`);
    yield chunk;
  }
}

/** Whether Node undoes the encoding. */
export function isUnpacked(encoding: string): boolean {
  return UNPACKERS.has(encoding);
}

/** What `source` unpacks to. `most`: bytes of either. */
export async function* unpacked(source: Readable, encoding: string, most: number): AsyncGenerator<Buffer> {
  const unpacker = UNPACKERS.get(encoding)!();
  let sent = 0;
  const counted = async function* () {
    for await (const chunk of limited(source, most)) {
      sent += chunk.length;
      yield chunk;
    }
  };
  const fed = pipeline(counted, unpacker);
  fed.catch(() => {});
  try {
    yield* limited(unpacker, most);
    await fed;
    // Node leaves out what follows the end.
    if (unpacker.bytesWritten !== sent) throw new RangeError(`${sent - unpacker.bytesWritten} bytes follow its end`);
  } catch (error) {
    if (error instanceof EngineError || source.errored !== null) throw error;
    throw cannotUnpack(encoding, error);
  } finally {
    unpacker.destroy();
  }
}

async function requireWhole(file: BodyFile, encoding: string): Promise<void> {
  if (encoding !== 'lz4' && encoding !== 'zstd') return;
  if (await isWhole((at, length) => file.read(at, length), file.length, encoding)) return;
  throw cannotUnpack(encoding, new RangeError('it is cut off'));
}
