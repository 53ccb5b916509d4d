const EMPTY = new Uint8Array(0);
const NO_VIEW: DataView = new DataView(EMPTY.buffer);
/** More than any count or length that is read here, and exact as a double. */
const LONGEST_VARINT = 7;

/**
 * A walk over Avro bytes. What the bytes do not allow sets `failed`, and whatever is read from then on means nothing: the
 * caller asks once, at the end, or where a wrong number would cost much.
 */
export class AvroBytes {
  bytes: Uint8Array = EMPTY;
  at = 0;
  failed = false;
  /** Of the memory that the bytes are in, as the records of a fetch share theirs. */
  view: DataView = NO_VIEW;
  /** Where the bytes begin in it. */
  base = 0;

  start(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.at = at;
    this.failed = false;
    this.base = bytes.byteOffset;
    if (this.view.buffer !== bytes.buffer) this.view = new DataView(bytes.buffer);
  }

  /** A zig-zag varint of at most 49 bits; longer ones are somebody else's. */
  long(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined || byte >= 0x80) return this.#longer();
    this.at += 1;
    return (byte >>> 1) ^ -(byte & 1);
  }

  /** Sums are doubles; the sign is taken from the first byte, as remainders of doubles are slow. */
  #longer(): number {
    const { bytes, at: first } = this;
    const end = Math.min(bytes.length, first + LONGEST_VARINT);
    let value = 0;
    let scale = 1;
    for (let at = first; at < end; at++) {
      const byte = bytes[at]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte >= 0x80) continue;
      this.at = at + 1;
      return (bytes[first]! & 1) === 0 ? value / 2 : -(value + 1) / 2;
    }
    this.failed = true;
    return 0;
  }

  double(): number {
    const { at, bytes } = this;
    if (bytes.length - at < 8) return this.#nothing();
    this.at = at + 8;
    return this.view.getFloat64(this.base + at, true);
  }

  float(): number {
    const { at, bytes } = this;
    if (bytes.length - at < 4) return this.#nothing();
    this.at = at + 4;
    return this.view.getFloat32(this.base + at, true);
  }

  flag(): boolean {
    const byte = this.bytes[this.at];
    this.at += 1;
    if (byte === undefined || byte > 1) this.failed = true;
    return byte === 1;
  }

  skip(size: number): void {
    if (size <= this.bytes.length - this.at) this.at += size;
    else this.failed = true;
  }

  #nothing(): number {
    this.failed = true;
    return 0;
  }

  /** A length of bytes that follow; 0 where they do not. */
  size(): number {
    const size = this.long();
    if (size >= 0 && size <= this.bytes.length - this.at) return size;
    this.failed = true;
    return 0;
  }

  /**
   * Items in the next block of an array or map; 0 at its end. No more than bytes are left, as each item takes one at
   * least, and no more than `most`.
   */
  items(most: number): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      this.size();
    }
    if (count <= most && count <= this.bytes.length - this.at) return count;
    this.failed = true;
    return 0;
  }

  /** Bytes with their length before them, in place. */
  take(): Uint8Array {
    const size = this.size();
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  /** Whether the walk went well and ends with the bytes. */
  get done(): boolean {
    return !this.failed && this.at === this.bytes.length;
  }
}
