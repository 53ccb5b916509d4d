/** Reads the primitive types of Kafka's record format. Throws RangeError past the end; never reserves by a length it reads. */
export class RecordReader {
  offset = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  take(length: number): Buffer {
    if (length < 0 || length > this.remaining) {
      throw new RangeError(`${length} bytes are announced where ${this.remaining} remain`);
    }
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }

  /** Zigzag varint of up to 10 bytes; exact below 2^53, which offsets and times stay. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.bytes[this.offset];
      if (byte === undefined) throw new RangeError('a varint is cut off');
      this.offset += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    throw new RangeError('a varint is longer than ten bytes');
  }

  /** Bytes behind their length as a varint; -1 is null. */
  field(): Buffer | null {
    const length = this.varint();
    return length === -1 ? null : this.take(length);
  }
}
