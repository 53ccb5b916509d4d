const MAGIC = 0x184d2204;
const CONTENT_SIZE = 0x08;
const BLOCK_CHECKSUM = 0x10;
const DICTIONARY = 0x01;
const STORED = 0x80000000;

/**
 * What an LZ4 frame inflates to, or a number beyond `enough`. Its blocks tell only what they may hold at most, so a frame
 * of many small ones is walked token by token; nothing is written meanwhile.
 */
export function inflatedLz4Bytes(frame: Buffer, enough: number): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) throw new RangeError('it is no LZ4 frame');
  const flags = frame[4]!;
  const start = 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & DICTIONARY) === 0 ? 0 : 4);
  const checksum = (flags & BLOCK_CHECKSUM) === 0 ? 0 : 4;
  let total = 0;
  for (let at = start; at + 4 <= frame.length && total <= enough; ) {
    const word = frame.readUInt32LE(at);
    const size = word & ~STORED;
    if (word === 0) return total;
    const block = frame.subarray(at + 4, at + 4 + size);
    total += word >= STORED ? size : blockBytes(block, enough);
    at += 4 + size + checksum;
  }
  return total;
}

function blockBytes(block: Buffer, enough: number): number {
  let total = 0;
  let at = 0;
  /** A length of 15 goes on in bytes of 255 and one below. */
  const length = (nibble: number): number => {
    let value = nibble;
    if (nibble < 15) return value;
    for (let byte = 255; byte === 255 && at < block.length; at += 1) {
      byte = block[at]!;
      value += byte;
    }
    return value;
  };
  while (at < block.length && total <= enough) {
    const token = block[at]!;
    at += 1;
    const literals = length(token >> 4);
    total += literals;
    at += literals;
    // The last sequence has literals alone.
    if (at >= block.length) break;
    at += 2;
    total += length(token & 0x0f) + 4;
  }
  return total;
}
