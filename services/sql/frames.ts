/**
 * Whether a body is whole LZ4 or Zstandard frames, by their block headers alone: the engine unpacks a body that was cut
 * off as far as it goes and says nothing, and an insert would be acknowledged with its end missing.
 * Formats: LZ4 Frame Format 1.6, RFC 8878.
 */
export function isWhole(body: Buffer, encoding: 'lz4' | 'zstd'): boolean {
  const skip = encoding === 'lz4' ? skipLz4Frame : skipZstdFrame;
  try {
    let at = 0;
    while (at < body.length) at = skip(body, at);
    return at === body.length;
  } catch (error) {
    // A header that lies beyond the end.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const LZ4_MAGIC = 0x184d2204;
const ZSTD_MAGIC = 0xfd2fb528;

function requireMagic(body: Buffer, at: number, magic: number): void {
  if (body.readUInt32LE(at) !== magic) throw new RangeError('no frame begins here');
}

/** Position after the frame that begins at `start`. */
function skipLz4Frame(body: Buffer, start: number): number {
  requireMagic(body, start, LZ4_MAGIC);
  const flags = body.readUInt8(start + 4);
  const blockChecksum = (flags & 0x10) === 0 ? 0 : 4;
  let at = start + 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4);
  for (let size = body.readUInt32LE(at); size !== 0; size = body.readUInt32LE(at)) {
    at += 4 + (size & 0x7fffffff) + blockChecksum;
  }
  return at + 4 + ((flags & 0x04) === 0 ? 0 : 4);
}

function skipZstdFrame(body: Buffer, start: number): number {
  requireMagic(body, start, ZSTD_MAGIC);
  const descriptor = body.readUInt8(start + 4);
  const single = (descriptor & 0x20) !== 0;
  const contentSize = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = start + 5 + (single ? 0 : 1) + dictionary + contentSize;
  for (let last = false; !last; ) {
    const header = body.readUIntLE(at, 3);
    last = (header & 1) === 1;
    const repeated = ((header >> 1) & 3) === 1;
    at += 3 + (repeated ? 1 : header >> 3);
  }
  return at + ((descriptor & 0x04) === 0 ? 0 : 4);
}
