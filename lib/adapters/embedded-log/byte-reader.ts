/** Reads what ByteWriter wrote; buffers are views of the source, not copies. */
export class ByteReader {
  private readonly source: Buffer;
  private at: number;

  constructor(source: Buffer, at: number) {
    this.source = source;
    this.at = at;
  }

  varint(): number {
    const { source } = this;
    let byte = source[this.at++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    do {
      if (this.at >= source.length) throw new RangeError('record batch ends within a number');
      byte = source[this.at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return value;
  }

  signed(): number {
    const raw = this.varint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  bytes(): Buffer | null {
    const length = this.varint();
    if (length === 0) return null;
    const end = this.at + length - 1;
    if (end > this.source.length) throw new RangeError('record batch ends within a value');
    const view = this.source.subarray(this.at, end);
    this.at = end;
    return view;
  }
}
