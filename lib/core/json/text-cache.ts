const SLOTS = 4096;
/** Longer texts are rarely the same twice. */
const LONGEST = 64;

/** Texts by their UTF-8 bytes: most values of a category were seen before, and making a string costs more than finding it. */
export class TextCache {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #texts = new Array<string | null>(SLOTS).fill(null);
  readonly #bytes = new Array<Uint8Array | null>(SLOTS).fill(null);

  /** The text of the bytes from `start` to `end`, or null where they are no UTF-8. */
  get(bytes: Uint8Array, start: number, end: number): string | null {
    const length = end - start;
    if (length === 0) return '';
    if (length > LONGEST) return this.#decode(bytes, start, end);
    let hash = length;
    for (let at = start; at < end; at++) hash = Math.imul(hash, 31) + bytes[at]!;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#bytes[slot]!;
    if (known !== null && equal(known, bytes, start, length)) return this.#texts[slot]!;
    const text = this.#decode(bytes, start, end);
    if (text === null) return null;
    this.#texts[slot] = text;
    this.#bytes[slot] = Uint8Array.prototype.slice.call(bytes, start, end);
    return text;
  }

  #decode(bytes: Uint8Array, start: number, end: number): string | null {
    try {
      return this.#decoder.decode(bytes.subarray(start, end));
    } catch {
      return null;
    }
  }
}

function equal(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
