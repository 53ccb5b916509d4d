/** A message taken apart: the bytes around its values, and where each value stands. */
export interface Learned {
  /** Before each slot, and last the rest. */
  literals: Uint8Array[];
  /** Of each slot the keys that lead to it. */
  paths: string[][];
}

/** Objects within objects that are looked at. */
const MOST_DEPTH = 8;

class Unlearnable extends Error {}

/**
 * The form of a message that JSON.parse takes and whose bytes are UTF-8; null where it has none that a scanner could know
 * again: escapes or repeated keys, arrays of anything but numbers, too much depth, or nothing but one value.
 */
export function learn(bytes: Uint8Array): Learned | null {
  try {
    return new Learner(bytes).learn();
  } catch (error) {
    if (error instanceof Unlearnable) return null;
    throw error;
  }
}

/** Walks JSON that is known to be valid. */
class Learner {
  readonly #bytes: Uint8Array;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #literals: Uint8Array[] = [];
  readonly #paths: string[][] = [];
  #at = 0;
  /** Where the literal began that is being gathered. */
  #from = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  learn(): Learned {
    this.#space();
    if (this.#byte !== '{') throw new Unlearnable();
    this.#object([]);
    this.#keep(this.#bytes.length);
    return { literals: this.#literals, paths: this.#paths };
  }

  #object(path: readonly string[]): void {
    if (path.length > MOST_DEPTH) throw new Unlearnable();
    const keys = new Set<string>();
    do {
      this.#at += 1;
      this.#space();
      if (this.#byte === '}') break;
      const key = this.#key();
      if (keys.has(key)) throw new Unlearnable();
      keys.add(key);
      this.#space();
      this.#at += 1;
      this.#space();
      this.#value([...path, key]);
      this.#space();
    } while (this.#byte === ',');
    this.#at += 1;
  }

  #value(path: string[]): void {
    if (this.#byte === '{') {
      this.#object(path);
      return;
    }
    this.#keep(this.#at);
    this.#paths.push(path);
    this.#skip();
    this.#from = this.#at;
  }

  /** A copy, also of a Buffer: what is learned outlives the memory that the message lies in by far. */
  #keep(end: number): void {
    this.#literals.push(Uint8Array.prototype.slice.call(this.#bytes, this.#from, end));
  }

  /** Steps over a text, a number, a word, or an array of what is no object, array or text. */
  #skip(): void {
    if (this.#byte === '"') this.#key();
    else if (this.#byte === '[') this.#until(/[\]]/, /["[{]/);
    else this.#until(/[,}\]\s]/, /["[{]/, 0);
  }

  #until(end: RegExp, never: RegExp, beyond = 1): void {
    this.#at += 1;
    while (this.#at < this.#bytes.length && !end.test(this.#byte)) {
      if (never.test(this.#byte)) throw new Unlearnable();
      this.#at += 1;
    }
    this.#at += beyond;
  }

  /** The text that begins here, without escapes. */
  #key(): string {
    const start = this.#at + 1;
    for (this.#at = start; this.#byte !== '"'; this.#at += 1) {
      if (this.#byte === '\\' || this.#at >= this.#bytes.length) throw new Unlearnable();
    }
    this.#at += 1;
    return this.#decoder.decode(this.#bytes.subarray(start, this.#at - 1));
  }

  #space(): void {
    while (this.#at < this.#bytes.length && /\s/.test(this.#byte)) this.#at += 1;
  }

  get #byte(): string {
    return String.fromCharCode(this.#bytes[this.#at] ?? 0);
  }
}
