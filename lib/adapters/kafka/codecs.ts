import { promisify } from 'node:util';
import { gunzip, gzip, type InputType, type ZlibOptions } from 'node:zlib';
import { Decompress } from 'fzstd';
import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';
import { decompressFrame } from 'lz4-napi';

/**
 * What a gzip or zstd batch may grow to (both shrink a thousandfold); ordinary batches of 1 MB grow tenfold. Snappy and
 * lz4 need no limit: they cannot shrink more than 21 and 255 times.
 */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

const inflate = promisify<InputType, ZlibOptions, Buffer>(gunzip);

/** Teaches kafkajs to read the four compressions of Kafka. What cannot be read ends the consumer, by name. */
export function installCodecs(): void {
  // Not among the names that Node finds in this CommonJS package.
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const snappyCodec = snappy();
  CompressionCodecs[CompressionTypes.GZIP] = codec(
    'gzip',
    (bytes) => inflate(bytes, { maxOutputLength: MAX_INFLATED_BYTES }),
    ({ buffer }) => promisify<InputType, Buffer>(gzip)(buffer),
  );
  CompressionCodecs[CompressionTypes.Snappy] = codec('snappy', (bytes) => snappyCodec.decompress(bytes));
  CompressionCodecs[CompressionTypes.LZ4] = codec('lz4', (bytes) => decompressFrame(bytes));
  CompressionCodecs[CompressionTypes.ZSTD] = codec('zstd', async (bytes) => decompressZstd(bytes));
}

type Compress = (encoder: { buffer: Buffer }) => Promise<Buffer>;

function codec(name: string, decompress: (bytes: Buffer) => Promise<Buffer>, compress: Compress = writesPlain) {
  return () => ({
    compress,
    decompress: async (bytes: Buffer) => {
      try {
        return await decompress(bytes);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        // kafkajs would try again for ever; the bytes stay as they are.
        throw Object.assign(new Error(`cannot decompress a ${name} batch: ${reason}`), { retriable: false });
      }
    },
  });
}

async function writesPlain(): Promise<never> {
  throw new Error('Driftline writes its batches uncompressed');
}

function decompressZstd(bytes: Buffer): Buffer {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = new Decompress((chunk) => {
    size += chunk.length;
    if (size > MAX_INFLATED_BYTES) throw new RangeError(`more than ${MAX_INFLATED_BYTES} bytes`);
    chunks.push(chunk);
  });
  stream.push(bytes, true);
  return Buffer.concat(chunks);
}
