/**
 * Values as ClickHouse's binary formats hold them, in one buffer that grows: integers and floats little-endian, text and
 * arrays behind their length as a varint. The conformance suite of the store holds it against the engine.
 */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  /** `capacity` in bytes, to begin with. */
  constructor(capacity = 512) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  /** What is written, without a copy: good until more is. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Begins anew in the same memory: what `written` gave is overwritten. */
  clear(): void {
    this.#at = 0;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = integer(value, 0xff);
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, integer(value, 0xffff_ffff), true);
    this.#at += 4;
  }

  /** Up to 2^53 − 1, beyond which numbers are no integers any more. */
  uint64(value: number): void {
    const whole = integer(value, Number.MAX_SAFE_INTEGER);
    this.#reserve(8);
    this.#view.setUint32(this.#at, whole >>> 0, true);
    this.#view.setUint32(this.#at + 4, whole / 2 ** 32, true);
    this.#at += 8;
  }

  /** Any number, NaN, −0 and the infinities as they are. */
  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /**
   * DateTime64(3): milliseconds since the epoch, fractions of one cut off. Throws RangeError outside the years 1900 to
   * 2299, which the type cannot hold and would silently bend.
   */
  dateTime64(ms: number): void {
    if (!(ms >= FIRST_MS && ms <= LAST_MS)) throw new RangeError(`time ${ms} is outside 1900 to 2299`);
    const whole = Math.trunc(ms);
    const high = Math.floor(whole / 2 ** 32);
    this.#reserve(8);
    this.#view.setUint32(this.#at, whole - high * 2 ** 32, true);
    this.#view.setInt32(this.#at + 4, high, true);
    this.#at += 8;
  }

  /** As UTF-8; a lone surrogate, which UTF-8 has no bytes for, becomes U+FFFD. */
  string(text: string): void {
    // Three bytes a code unit at most, and the length before them.
    this.#reserve(text.length * 3 + MAX_VARINT);
    if (!this.#ascii(text)) this.#utf8(text);
  }

  /** Text that is UTF-8 already: `source` from `start` to before `end`. */
  utf8(source: Uint8Array, start = 0, end = source.length): void {
    this.varint(end - start);
    this.raw(source, start, end);
  }

  /** Bytes as they are: `source` from `start` to before `end`. */
  raw(source: Uint8Array, start = 0, end = source.length): void {
    const length = end - start;
    this.#reserve(length);
    // A view of a few bytes costs more than copying them one by one.
    if (length > SHORT) this.#bytes.set(source.subarray(start, end), this.#at);
    else for (let i = 0; i < length; i += 1) this.#bytes[this.#at + i] = source[start + i]!;
    this.#at += length;
  }

  /** An integer from 0 to 2^32 − 1, seven bits a byte. */
  varint(value: number): void {
    this.#reserve(MAX_VARINT);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  /** Writes short ASCII, which most texts are; else leaves everything as it was. */
  #ascii(text: string): boolean {
    const { length } = text;
    if (length > SHORT) return false;
    const start = this.#at + 1;
    for (let i = 0; i < length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#bytes[start + i] = code;
    }
    this.#bytes[this.#at] = length;
    this.#at = start + length;
    return true;
  }

  /** The length comes first and is known last: the text goes behind room for it, and is moved where that was too much. */
  #utf8(text: string): void {
    const start = this.#at + varintLength(text.length * 3);
    const { written } = ENCODER.encodeInto(text, this.#bytes.subarray(start));
    this.varint(written);
    if (this.#at !== start) this.#bytes.copyWithin(this.#at, start, start + written);
    this.#at += written;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.written());
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Bytes of a varint below 2^32. */
const MAX_VARINT = 5;
/** Up to here plain JavaScript is faster than what it would call. Below 128, so that such a length is one byte. */
const SHORT = 48;
const FIRST_MS = Date.UTC(1900, 0, 1);
const LAST_MS = Date.UTC(2299, 11, 31, 23, 59, 59, 999);
const ENCODER = new TextEncoder();

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) length += 1;
  return length;
}

/** A typed array would wrap around silently. */
function integer(value: number, max: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`${value} is no integer from 0 to ${max}`);
}
