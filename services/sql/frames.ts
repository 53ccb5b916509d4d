/** Bytes from a position on, fewer at the end. */
export type ReadAt = (at: number, length: number) => Promise<Buffer>;

/**
 * Whether `length` bytes are whole LZ4 or Zstandard frames, by their block headers alone: the engine unpacks a body that was
 * cut off as far as it goes and says nothing, and an insert would be acknowledged with its end missing.
 * Formats: LZ4 Frame Format 1.6, RFC 8878.
 */
export async function isWhole(read: ReadAt, length: number, encoding: 'lz4' | 'zstd'): Promise<boolean> {
  const skip = encoding === 'lz4' ? skipLz4Frame : skipZstdFrame;
  try {
    let at = 0;
    while (at < length) at = await skip(read, at);
    return at === length;
  } catch (error) {
    // A header that lies beyond the end.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const LZ4_MAGIC = 0x184d2204;
const ZSTD_MAGIC = 0xfd2fb528;
/** Bytes of either format's longest header, its dictionary and content size included. */
const HEADER = 32;

async function readHeader(read: ReadAt, at: number, magic: number): Promise<Buffer> {
  const header = await read(at, HEADER);
  if (header.readUInt32LE(0) !== magic) throw new RangeError('no frame begins here');
  return header;
}

/** Position after the frame that begins at `start`. */
async function skipLz4Frame(read: ReadAt, start: number): Promise<number> {
  const flags = (await readHeader(read, start, LZ4_MAGIC)).readUInt8(4);
  const blockChecksum = (flags & 0x10) === 0 ? 0 : 4;
  let at = start + 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4);
  const blockSize = async () => (await read(at, 4)).readUInt32LE(0);
  for (let size = await blockSize(); size !== 0; size = await blockSize()) {
    at += 4 + (size & 0x7fffffff) + blockChecksum;
  }
  return at + 4 + ((flags & 0x04) === 0 ? 0 : 4);
}

async function skipZstdFrame(read: ReadAt, start: number): Promise<number> {
  const descriptor = (await readHeader(read, start, ZSTD_MAGIC)).readUInt8(4);
  const single = (descriptor & 0x20) !== 0;
  const contentSize = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = start + 5 + (single ? 0 : 1) + dictionary + contentSize;
  for (let last = false; !last; ) {
    const header = (await read(at, 3)).readUIntLE(0, 3);
    last = (header & 1) === 1;
    const repeated = ((header >> 1) & 3) === 1;
    at += 3 + (repeated ? 1 : header >> 3);
  }
  return at + ((descriptor & 0x04) === 0 ? 0 : 4);
}
