import { promisify } from 'node:util';
import { gunzip, type InputType, type ZlibOptions } from 'node:zlib';
import { Decompress } from 'fzstd';
import snappy from 'kafkajs-snappy';
import { decompressFrame } from 'lz4-napi';
import { KAFKA_LIMITS } from './limits.ts';
import { inflatedLz4Bytes } from './lz4-size.ts';
import { inflatedSnappyBytes } from './snappy-size.ts';

/** What keeps a bomb from ending the process: its records become dead letters instead. */
const MAX_INFLATED_BYTES = KAFKA_LIMITS.inflatedBytes;

/** A batch grows beyond what is read. */
export class InflatedTooLargeError extends RangeError {
  override readonly name = 'InflatedTooLargeError';
}

const inflate = promisify<InputType, ZlibOptions, Buffer>(gunzip);
const snappyCodec = snappy();

const CODECS: Readonly<Record<number, [name: string, read: (bytes: Buffer) => Promise<Buffer>]>> = {
  1: ['gzip', (bytes) => readGzip(bytes)],
  2: ['snappy', (bytes) => readSnappy(bytes)],
  3: ['lz4', (bytes) => readLz4(bytes)],
  4: ['zstd', async (bytes) => readZstd(bytes)],
};

/**
 * Inflates what stands compressed in a record batch. Rejects, naming the codec, what is unknown or
 * broken, and with InflatedTooLargeError what is too large.
 */
export async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  const known = CODECS[codec];
  if (known === undefined) {
    throw new Error(
      `compression codec ${codec} is unknown: Driftline reads gzip (1), snappy (2), lz4 (3) and zstd (4)`,
    );
  }
  const [name, read] = known;
  try {
    return await read(bytes);
  } catch (error) {
    if (error instanceof InflatedTooLargeError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`its ${name} compression cannot be read: ${reason}`, { cause: error });
  }
}

async function readGzip(bytes: Buffer): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') limit(Number.POSITIVE_INFINITY);
    throw error;
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
  if (bytes > MAX_INFLATED_BYTES)
    throw new InflatedTooLargeError(`it inflates to more than ${MAX_INFLATED_BYTES} bytes`);
}
