/** Reads the primitive types of Kafka's record format. Throws RangeError past the end; never reserves by a length it reads. */
export class RecordReader {
  /** Where the next byte is read. */
  at = 0;
  private readonly bytes: Buffer;
  private readonly length: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.length = bytes.length;
  }

  byte(): number {
    if (this.at >= this.length) throw new RangeError('a record is cut off');
    const byte = this.bytes[this.at]!;
    this.at += 1;
    return byte;
  }

  /** Zigzag varint of up to 10 bytes; exact below 2^53, which offsets and times stay. */
  varint(): number {
    // Lengths and differences take a byte or two nearly always.
    const first = this.bytes[this.at];
    if (first !== undefined && first < 0x80) {
      this.at += 1;
      return (first >>> 1) ^ -(first & 1);
    }
    const second = this.bytes[this.at + 1];
    if (second !== undefined && second < 0x80) {
      this.at += 2;
      const value = (first! & 0x7f) | (second << 7);
      return (value >>> 1) ^ -(value & 1);
    }
    return this.longVarint();
  }

  /** The next `length` bytes as a view. */
  take(length: number): Buffer {
    const { at } = this;
    if (length < 0 || length > this.length - at) {
      throw new RangeError(`${length} bytes are announced where ${this.length - at} remain`);
    }
    this.at = at + length;
    return this.bytes.subarray(at, at + length);
  }

  /** Bytes behind their length as a varint; -1 is null. */
  field(): Buffer | null {
    const length = this.varint();
    return length === -1 ? null : this.take(length);
  }

  private longVarint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new RangeError('a varint is cut off');
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    throw new RangeError('a varint is longer than ten bytes');
  }
}
