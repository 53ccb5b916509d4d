/** A growing buffer with the variable-length integers of the record format. Reused between batches. */
export class ByteWriter {
  private buffer = Buffer.allocUnsafe(64 * 1024);
  private used = 0;

  get length(): number {
    return this.used;
  }

  reset(): void {
    this.used = 0;
  }

  /** What was written, valid until the next write or reset. */
  view(): Buffer {
    return this.buffer.subarray(0, this.used);
  }

  /** Unsigned LEB128 of a safe integer; the lower 28 bits go the fast way, the rest by division. */
  varint(value: number): void {
    this.ensure(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.used++] = (rest & 0x7f) | 0x80;
      rest = rest < 0x10000000 ? rest >>> 7 : Math.floor(rest / 128);
    }
    this.buffer[this.used++] = rest;
  }

  /** Zigzag: small negative numbers stay short. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Length + 1, then the bytes; 0 stands for null. */
  bytes(value: Uint8Array | null): void {
    if (value === null) {
      this.varint(0);
      return;
    }
    this.varint(value.length + 1);
    this.ensure(value.length);
    this.buffer.set(value, this.used);
    this.used += value.length;
  }

  private ensure(more: number): void {
    if (this.used + more <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.used + more));
    this.buffer.copy(grown, 0, 0, this.used);
    this.buffer = grown;
  }
}
