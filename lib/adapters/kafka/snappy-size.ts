const XERIAL = Buffer.from([130, 83, 78, 65, 80, 80, 89, 0]);
const FRAME_HEADER_BYTES = 16;

/** What snappy bytes inflate to, plain or in the frames of the Java library: each block begins with its size. */
export function inflatedSnappyBytes(bytes: Buffer): number {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return blockBytes(bytes);
  let total = 0;
  for (let at = FRAME_HEADER_BYTES; at + 4 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    total += blockBytes(bytes.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return total;
}

function blockBytes(block: Buffer): number {
  let value = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index];
    if (byte === undefined) throw new RangeError('a block is cut off');
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return value;
  }
  throw new RangeError('a block does not tell its size');
}
