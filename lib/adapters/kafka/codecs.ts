import { promisify } from 'node:util';
import { gunzip, type InputType, type ZlibOptions } from 'node:zlib';
import { Decompress } from 'fzstd';
import snappy from 'kafkajs-snappy';
import { decompressFrame } from 'lz4-napi';
import { inflatedLz4Bytes } from './lz4-size.ts';
import { inflatedSnappyBytes } from './snappy-size.ts';

/**
 * What one batch may grow to; ordinary ones of up to 1 MB grow tenfold. Memory holds a few of them for each partition, so
 * this is what keeps a bomb from ending the process: it halts its partition instead.
 */
export const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

const inflate = promisify<InputType, ZlibOptions, Buffer>(gunzip);
const snappyCodec = snappy();

const CODECS: Readonly<Record<number, [name: string, read: (bytes: Buffer) => Promise<Buffer>]>> = {
  1: ['gzip', (bytes) => inflate(bytes, { maxOutputLength: MAX_INFLATED_BYTES })],
  2: ['snappy', (bytes) => readSnappy(bytes)],
  3: ['lz4', (bytes) => readLz4(bytes)],
  4: ['zstd', async (bytes) => readZstd(bytes)],
};

/** Inflates what stands compressed in a record batch. Rejects, naming the codec, what is unknown, broken or too large. */
export async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  const known = CODECS[codec];
  if (known === undefined) {
    throw new Error(`compression codec ${codec} is unknown: Driftline reads gzip (1), snappy (2), lz4 (3) and zstd (4)`);
  }
  const [name, read] = known;
  try {
    return await read(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`its ${name} compression cannot be read: ${reason}`, { cause: error });
  }
}

async function readSnappy(bytes: Buffer): Promise<Buffer> {
  limit(inflatedSnappyBytes(bytes));
  return snappyCodec.decompress(bytes);
}

async function readLz4(bytes: Buffer): Promise<Buffer> {
  limit(inflatedLz4Bytes(bytes, MAX_INFLATED_BYTES));
  return decompressFrame(bytes);
}

function readZstd(bytes: Buffer): Buffer {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = new Decompress((chunk) => {
    size += chunk.length;
    limit(size);
    chunks.push(chunk);
  });
  stream.push(bytes, true);
  return Buffer.concat(chunks);
}

function limit(bytes: number): void {
  if (bytes > MAX_INFLATED_BYTES) throw new RangeError(`it inflates to more than ${MAX_INFLATED_BYTES} bytes`);
}
