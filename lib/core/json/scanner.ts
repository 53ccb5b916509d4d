import { EXACT_DIGITS, longDecimal, MOST_DIGITS, MOST_PLACES, shortDecimal } from './decimal.ts';

/** What stands in a slot: a number, null, false, true, a text, or an array of numbers (looked at no further). */
export const SLOT = { number: 0, null: 1, false: 2, true: 3, text: 4, numbers: 5 } as const;

const QUOTE = 0x22;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const NULL = ascii('null');
const TRUE = ascii('true');
const FALSE = ascii('false');
/** Items of an array that is looked at at all. */
const MOST_ITEMS = 8_192;
/** Steps that may follow one slot. */
const MOST_SIBLINGS = 64;
/** Of a step, beside its literal; with what a form keeps of a slot. */
const STEP_BYTES = 640;

/** The bytes before a slot, or at the end, and what may follow. */
export interface Step<Form> {
  readonly literal: Uint8Array;
  /** The literal four bytes at a time, the last four overlapping those before; empty where it is shorter. */
  readonly words: Int32Array;
  /** Set where the message ends behind the literal. */
  readonly form: Form | null;
  /** What may follow the slot; the longest literal first. */
  readonly next: Step<Form>[];
}

/**
 * Reads JSON messages of forms it was taught: compares the bytes between values and takes the values out of their slots,
 * the n-th value into slot n of the arrays. Whatever is not exactly as taught (order, spaces, escapes, a number no JSON has)
 * gives null, and nothing is said about the message. Where it gives a form, the values are what JSON.parse gives.
 */
export class JsonScanner<Form> {
  readonly #roots: Step<Form>[] = [];
  #size = 0;
  /** Of the memory that the last message lay in: messages of one answer share theirs. */
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** By slot; good until the next scan. */
  kinds = new Uint8Array(64);
  numbers = new Float64Array(64);
  /** Of a text: its bytes, quotes excluded. */
  starts = new Uint32Array(64);
  ends = new Uint32Array(64);
  /** Whether texts hold more than ASCII: then the message may be no UTF-8, and so no JSON. */
  isWide = false;

  /** Bytes that what was taught takes, about. */
  get size(): number {
    return this.#size;
  }

  /** The form of the message, with its values in the slots, or null. */
  scan(bytes: Uint8Array): Form | null {
    if (bytes.buffer !== this.#view.buffer) this.#view = new DataView(bytes.buffer);
    const { kinds } = this;
    this.isWide = false;
    let steps = this.#roots;
    let at = 0;
    for (let slot = 0; ; slot++) {
      const step = this.#matching(steps, bytes, at);
      if (step === null) return null;
      at += step.literal.length;
      if (step.form !== null) return at === bytes.length ? step.form : null;
      const first = bytes[at]!;
      if (first >= ZERO && first <= NINE) {
        kinds[slot] = SLOT.number;
        at = this.#number(bytes, at, slot);
      } else at = this.#value(bytes, at, slot);
      if (at < 0) return null;
      steps = step.next;
    }
  }

  /**
   * Teaches a form: the literals before each slot and, last, the one at the end. False where it was known, or where too
   * many forms part at one place.
   */
  teach(literals: readonly Uint8Array[], form: Form): boolean {
    let steps = this.#roots;
    let isNew = false;
    for (const [i, literal] of literals.entries()) {
      const isEnd = i === literals.length - 1;
      let step = steps.find((known) => (known.form !== null) === isEnd && same(known.literal, literal));
      if (step === undefined) {
        if (steps.length >= MOST_SIBLINGS) return false;
        step = { literal, words: wordsOf(literal), form: isEnd ? form : null, next: [] };
        this.#size += STEP_BYTES + 2 * literal.length;
        steps.push(step);
        steps.sort((a, b) => b.literal.length - a.literal.length);
        isNew = true;
      }
      steps = step.next;
    }
    this.#makeRoom(literals.length);
    return isNew;
  }

  /** Forgets all forms. */
  clear(): void {
    this.#roots.length = 0;
    this.#size = 0;
  }

  #matching(steps: readonly Step<Form>[], bytes: Uint8Array, at: number): Step<Form> | null {
    if (steps.length === 1) return this.#begins(steps[0]!, bytes, at) ? steps[0]! : null;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      if (this.#begins(step, bytes, at)) return step;
    }
    return null;
  }

  /** Four bytes at a time: the bytes between values are most of a message. */
  #begins({ literal, words }: Step<Form>, bytes: Uint8Array, at: number): boolean {
    const { length } = literal;
    if (length > bytes.length - at) return false;
    if (words.length === 0) return matches(literal, bytes, at);
    const view = this.#view;
    const base = bytes.byteOffset + at;
    const last = words.length - 1;
    for (let i = 0; i < last; i++) if (view.getInt32(base + 4 * i, true) !== words[i]) return false;
    return view.getInt32(base + length - 4, true) === words[last];
  }

  #makeRoom(slots: number): void {
    if (slots <= this.kinds.length) return;
    const room = 2 * slots;
    this.kinds = new Uint8Array(room);
    this.numbers = new Float64Array(room);
    this.starts = new Uint32Array(room);
    this.ends = new Uint32Array(room);
  }

  /** Takes the value at `at` into the slot; returns where it ends, or -1. */
  #value(bytes: Uint8Array, at: number, slot: number): number {
    const first = bytes[at]!;
    if (first === QUOTE) return this.#text(bytes, at + 1, slot);
    if (first === MINUS || (first >= ZERO && first <= 0x39)) {
      this.kinds[slot] = SLOT.number;
      return this.#number(bytes, at, slot);
    }
    if (first === 0x6e) return this.#word(bytes, at, slot, NULL, SLOT.null);
    if (first === 0x74) return this.#word(bytes, at, slot, TRUE, SLOT.true);
    if (first === 0x66) return this.#word(bytes, at, slot, FALSE, SLOT.false);
    return first === 0x5b ? this.#array(bytes, at + 1, slot) : -1;
  }

  #text(bytes: Uint8Array, start: number, slot: number): number {
    let all = 0;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!;
      all |= byte;
      if (byte === QUOTE) {
        if (all >= 0x80) this.isWide = true;
        this.kinds[slot] = SLOT.text;
        this.starts[slot] = start;
        this.ends[slot] = at;
        return at + 1;
      }
      if (byte === BACKSLASH || byte < 0x20) return -1;
    }
    return -1;
  }

  #word(bytes: Uint8Array, at: number, slot: number, word: Uint8Array, kind: number): number {
    this.kinds[slot] = kind;
    return matches(word, bytes, at) ? at + word.length : -1;
  }

  /** Numbers with nothing but commas between them. */
  #array(bytes: Uint8Array, start: number, slot: number): number {
    if (bytes[start] === 0x5d) {
      this.kinds[slot] = SLOT.numbers;
      return start + 1;
    }
    let at = start;
    for (let items = 0; items < MOST_ITEMS; items++) {
      at = this.#number(bytes, at, slot);
      if (at < 0) return -1;
      const byte = bytes[at];
      if (byte === 0x5d) {
        this.kinds[slot] = SLOT.numbers;
        return at + 1;
      }
      if (byte !== 0x2c) return -1;
      at += 1;
    }
    return -1;
  }

  /** By the grammar of RFC 8259; returns where the number ends, or -1. */
  #number(bytes: Uint8Array, start: number, slot: number): number {
    let at = bytes[start] === MINUS ? start + 1 : start;
    const whole = at;
    let head = 0;
    let digit = bytes[at]! - ZERO;
    while (digit >= 0 && digit <= 9) {
      head = head * 10 + digit;
      digit = bytes[++at]! - ZERO;
    }
    if (at === whole || (at > whole + 1 && bytes[whole] === ZERO)) return -1;
    let digits = at - whole;
    let places = 0;
    if (bytes[at] === DOT) {
      const fraction = ++at;
      digit = bytes[at]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        head = head * 10 + digit;
        digit = bytes[++at]! - ZERO;
      }
      places = at - fraction;
      if (places === 0) return -1;
      digits += places;
    }
    const isLong = digits > EXACT_DIGITS || (bytes[at]! | 0x20) === 0x65;
    if (isLong) return this.#longNumber(bytes, start, slot);
    const value = shortDecimal(head, places);
    this.numbers[slot] = whole === start ? value : -value;
    return at;
  }

  /** The same for numbers of many digits or with an exponent. */
  #longNumber(bytes: Uint8Array, start: number, slot: number): number {
    const whole = bytes[start] === MINUS ? start + 1 : start;
    let head = 0;
    let tail = 0;
    /** Without leading zeros. */
    let digits = 0;
    let dot = -1;
    let at = whole;
    for (; at < bytes.length; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit >= 0 && digit <= 9) {
        if (digits < EXACT_DIGITS) head = head * 10 + digit;
        else tail = tail * 10 + digit;
        if (digits > 0 || digit > 0) digits += 1;
      } else if (bytes[at] === DOT && dot < 0) dot = at;
      else break;
    }
    const places = dot < 0 ? 0 : at - dot - 1;
    if ((bytes[at]! | 0x20) === 0x65) return this.#anyNumber(bytes, start, exponentEnd(bytes, at), slot);
    if (digits > MOST_DIGITS || places > MOST_PLACES) return this.#anyNumber(bytes, start, at, slot);
    const value =
      digits <= EXACT_DIGITS ? shortDecimal(head, places) : longDecimal(head, digits - EXACT_DIGITS, tail, places);
    if (Number.isNaN(value)) return this.#anyNumber(bytes, start, at, slot);
    this.numbers[slot] = whole === start ? value : -value;
    return at;
  }

  #anyNumber(bytes: Uint8Array, start: number, end: number, slot: number): number {
    if (end < 0) return -1;
    let text = '';
    for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
    this.numbers[slot] = Number(text);
    return end;
  }
}

/** The end of the exponent that begins at `at` with its e, or -1. */
function exponentEnd(bytes: Uint8Array, at: number): number {
  const sign = bytes[at + 1];
  const first = sign === 0x2b || sign === MINUS ? at + 2 : at + 1;
  let end = first;
  while (bytes[end]! >= ZERO && bytes[end]! <= 0x39) end += 1;
  return end === first ? -1 : end;
}

/** Also where the bytes end before the literal does: then they differ from it. */
function matches(literal: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < literal.length; i++) if (literal[i] !== bytes[at + i]) return false;
  return true;
}

function wordsOf(literal: Uint8Array): Int32Array {
  if (literal.length < 4) return new Int32Array(0);
  const view = new DataView(literal.buffer, literal.byteOffset, literal.length);
  const count = Math.ceil(literal.length / 4);
  return Int32Array.from({ length: count }, (_, i) => view.getInt32(Math.min(4 * i, literal.length - 4), true));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && matches(a, b, 0);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
