import type { Readable } from 'node:stream';
import { type Data, receiveData } from './body.ts';
import type { BodyFile, BodyFiles } from './body-file.ts';
import { cityHash128 } from './city-hash.ts';
import { exception } from './exception.ts';

/**
 * ClickHouse's own compressed blocks (`decompress=1`): a checksum of 16 bytes, then the method, the size of what is packed
 * with this header of 9 bytes, and its size unpacked; then the packed bytes. Each is checked, and then put into the frames
 * that the engine reads from files. The checksum says what it is that was sent; nothing is unpacked here.
 */
const CHECKSUM = 16;
const HEADER = 9;
const LZ4 = 0x82;
const ZSTD = 0x90;
const NONE = 0x02;
/** Of an LZ4 frame: independent blocks of at most 4 MiB, no checksums of its own. */
const LZ4_FRAME = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]);
const LZ4_END = Buffer.alloc(4);
const MOST_UNPACKED = 4 * 2 ** 20;
/** Of an LZ4 frame's block that is not packed. */
const PLAIN = 0x8000_0000;

interface Block {
  method: number;
  packed: Buffer;
}

/** The body's blocks as data that the engine reads. Throws EngineError for what cannot be read. */
export async function receiveBlocks(
  message: Readable,
  encoding: string,
  place: { files: BodyFiles; most: number },
): Promise<Data> {
  const { file, compression } = await receiveData(message, encoding, place);
  try {
    if (compression === 'none') return await repackBlocks(file, place);
    throw exception('NOT_IMPLEMENTED', `decompress=1 within Content-Encoding ${compression} is not supported`);
  } finally {
    await file.close();
  }
}

/** The same data as the engine reads them. Throws EngineError for what is cut off, changed or of another method. */
async function repackBlocks(source: BodyFile, { files, most }: { files: BodyFiles; most: number }): Promise<Data> {
  const file = await files.take();
  try {
    let unpacked = 0;
    let method: number | null = null;
    for (let at = 0; at < source.length; ) {
      const { block, size, next } = await readBlock(source, at);
      at = next;
      unpacked += size;
      if (unpacked > most) {
        throw exception('QUERY_IS_TOO_LARGE', `the body is larger than this server takes (${most} bytes)`);
      }
      method = await append(file, method, block);
    }
    if (method === LZ4) await file.append(LZ4_END);
    return { file, compression: method === LZ4 ? 'lz4' : method === ZSTD ? 'zstd' : 'none' };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readBlock(source: BodyFile, at: number): Promise<{ block: Block; size: number; next: number }> {
  const head = await source.read(at, CHECKSUM + HEADER);
  if (head.length < CHECKSUM + HEADER) throw broken(at, 'it is cut off');
  const method = head.readUInt8(CHECKSUM);
  const packedSize = head.readUInt32LE(CHECKSUM + 1);
  const size = head.readUInt32LE(CHECKSUM + 5);
  if (packedSize <= HEADER || at + CHECKSUM + packedSize > source.length) throw broken(at, 'it is cut off');
  if (![LZ4, ZSTD, NONE].includes(method)) {
    throw exception(
      'NOT_IMPLEMENTED',
      `compressed block at byte ${at}: only LZ4, ZSTD and NONE are read, not 0x${method.toString(16)}`,
    );
  }
  if (size > MOST_UNPACKED)
    throw exception('NOT_IMPLEMENTED', `compressed block at byte ${at}: more than ${MOST_UNPACKED} bytes`);
  const guarded = await source.read(at + CHECKSUM, packedSize);
  if (!cityHash128(guarded).equals(head.subarray(0, CHECKSUM))) {
    throw exception('CHECKSUM_DOESNT_MATCH', `compressed block at byte ${at}: its checksum is not that of its bytes`);
  }
  return { block: { method, packed: guarded.subarray(HEADER) }, size, next: at + CHECKSUM + packedSize };
}

/** A frame of LZ4 holds plain blocks too; those of the others go one after the other. */
async function append(file: BodyFile, method: number | null, { method: own, packed }: Block): Promise<number> {
  if (method === null && own === LZ4) await file.append(LZ4_FRAME);
  const of = method ?? own;
  if (of !== own && !(of === LZ4 && own === NONE)) {
    throw exception('NOT_IMPLEMENTED', 'the body holds compressed blocks of several methods');
  }
  if (of === LZ4) {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(own === NONE ? PLAIN + packed.length : packed.length);
    await file.append(size);
  }
  await file.append(packed);
  return of;
}

function broken(at: number, why: string) {
  return exception('CANNOT_DECOMPRESS', `compressed block at byte ${at}: ${why}`);
}
