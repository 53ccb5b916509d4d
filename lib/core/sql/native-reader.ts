/** Values of one column of a block, by row. */
type Values = ArrayLike<unknown>;

/** Rows of a result, column by column: what column `name` has in row i is `columns[name][i]`. */
export interface ColumnBlock {
  readonly rows: number;
  readonly columns: Readonly<Record<string, ArrayLike<unknown>>>;
}

/**
 * Blocks of ClickHouse's Native format (without a protocol version, as over HTTP and in files): String, integers of 8 to 64
 * bits (numbers), Float64 (NaN and the infinities as they are), DateTime64 (its ticks), Array and Nullable of them,
 * LowCardinality(String); arrays of Float64 are Float64Array. Throws NativeFormatError where the bytes end too early or hold
 * another type. A column called `allRows` is left out: where given, it must say in each row how many there are in all, since
 * blocks that are missing leave no gap.
 */
export function readNative(bytes: Uint8Array, allRows?: string): ColumnBlock[] {
  const source = new Source(bytes);
  const blocks: ColumnBlock[] = [];
  const said = new Set<unknown>();
  while (!source.atEnd()) {
    const block = readBlock(source, (name) => (name === allRows ? said : null));
    if (block.rows > 0) blocks.push(block);
  }
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  for (const count of said) {
    if (count !== rows) throw new NativeFormatError(`blocks of ${rows} rows instead of ${String(count)}`);
  }
  return blocks;
}

/** Bytes that are no Native blocks, or of a type that is not read. */
export class NativeFormatError extends Error {
  override readonly name = 'NativeFormatError';
}

function readBlock(source: Source, asideOf: (name: string) => Set<unknown> | null): ColumnBlock {
  const width = source.varint();
  const rows = source.varint();
  const columns: Record<string, Values> = {};
  for (let column = 0; column < width; column += 1) {
    const name = source.text();
    const values = readerOf(source.text())(source, rows);
    const aside = asideOf(name);
    if (aside === null) columns[name] = values;
    else for (let i = 0; i < rows; i += 1) aside.add(values[i]);
  }
  return { rows, columns };
}

type Reader = (source: Source, count: number) => Values;

const READERS = new Map<string, Reader>([
  ['String', (source, count) => source.texts(count)],
  ['UInt8', (source, count) => source.take(count)],
  ['UInt16', (source, count) => new Uint16Array(source.aligned(count, 2))],
  ['UInt32', (source, count) => new Uint32Array(source.aligned(count, 4))],
  ['Int32', (source, count) => new Int32Array(source.aligned(count, 4))],
  ['Float64', (source, count) => new Float64Array(source.aligned(count, 8))],
  ['UInt64', (source, count) => wholes(new Uint32Array(source.aligned(count, 8)), count)],
  ['Int64', readInt64],
  ['LowCardinality(String)', readLowCardinality],
]);

function readerOf(type: string): Reader {
  const known = READERS.get(type);
  if (known !== undefined) return known;
  const reader = composed(type);
  READERS.set(type, reader);
  return reader;
}

function composed(type: string): Reader {
  const array = /^Array\((.+)\)$/.exec(type);
  if (array !== null) return arraysOf(readerOf(array[1]!));
  const nullable = /^Nullable\((.+)\)$/.exec(type);
  if (nullable !== null) return nullablesOf(readerOf(nullable[1]!));
  if (/^DateTime64\(/.test(type)) return readInt64;
  throw new NativeFormatError(`a column of type ${type} is not read in the Native format`);
}

/** Indexes by their size, as the low byte of the flags has it. */
const INDEXES = ['UInt8', 'UInt16', 'UInt32', 'UInt64'];
/** Flags of a dictionary that stands in the block itself, not in an earlier one. */
const OWN_DICTIONARY = 0x200;
const EARLIER_DICTIONARY = 0x100;

/** A version, which kind of dictionary, its texts, and each row's place in it; of no rows nothing at all. */
function readLowCardinality(source: Source, count: number): Values {
  if (count === 0) return [];
  const [version, flags, size] = wholes(new Uint32Array(source.aligned(3, 8)), 3);
  const index = INDEXES[flags! & 0xff];
  if (version !== 1 || (flags! & (OWN_DICTIONARY | EARLIER_DICTIONARY)) !== OWN_DICTIONARY || index === undefined) {
    throw new NativeFormatError(`a dictionary of version ${version} with flags ${flags} is not read`);
  }
  const texts = source.texts(size!);
  source.take(8);
  const places = readerOf(index)(source, count);
  return Array.from({ length: count }, (_, i) => texts[places[i] as number]);
}

function readInt64(source: Source, count: number): Values {
  const words = new Uint32Array(source.aligned(count, 8));
  const highs = new Int32Array(words.buffer);
  return Float64Array.from({ length: count }, (_, i) => words[2 * i]! + highs[2 * i + 1]! * 2 ** 32);
}

function wholes(words: Uint32Array, count: number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 1) values[i] = words[2 * i]! + words[2 * i + 1]! * 2 ** 32;
  return values;
}

function arraysOf(items: Reader): Reader {
  return (source, count) => {
    const ends = wholes(new Uint32Array(source.aligned(count, 8)), count);
    const all = items(source, count === 0 ? 0 : ends[count - 1]!);
    const cut = all instanceof Float64Array && items === READERS.get('Float64') ? viewsOf(all) : listsOf(all);
    return Array.from({ length: count }, (_, i) => cut(i === 0 ? 0 : ends[i - 1]!, ends[i]!));
  };
}

const NO_NUMBERS = new Float64Array();

function viewsOf(all: Float64Array): (from: number, to: number) => Float64Array {
  return (from, to) => (from === to ? NO_NUMBERS : all.subarray(from, to));
}

function listsOf(all: Values): (from: number, to: number) => unknown[] {
  return (from, to) => {
    const list = new Array<unknown>(to - from);
    for (let i = from; i < to; i += 1) list[i - from] = all[i];
    return list;
  };
}

function nullablesOf(values: Reader): Reader {
  return (source, count) => {
    const nulls = source.take(count);
    const all = values(source, count);
    return Array.from({ length: count }, (_, i) => (nulls[i] === 1 ? null : all[i]));
  };
}

/** Texts met last, found by their bytes: columns repeat a few of them, and comparing bytes is faster than making a string. */
const CACHED = 1024;
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** The bytes, read from front to back. */
class Source {
  readonly #bytes: Uint8Array;
  readonly #texts = new Array<string>(CACHED).fill('');
  /** Where the bytes of each begin. */
  readonly #places = new Float64Array(CACHED);
  readonly #lengths = new Float64Array(CACHED);
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || factor > 2 ** 42) throw this.#broken();
      this.#at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const length = this.varint();
    const from = this.#at;
    if (from + length > this.#bytes.length) throw this.#broken();
    this.#at = from + length;
    const slot = this.#slot(from, length);
    if (this.#lengths[slot] !== length || !this.#sameBytes(this.#places[slot]!, from, length)) {
      this.#texts[slot] = DECODER.decode(this.#bytes.subarray(from, this.#at));
      this.#places[slot] = from;
      this.#lengths[slot] = length;
    }
    return this.#texts[slot]!;
  }

  texts(count: number): string[] {
    const texts: string[] = [];
    for (let i = 0; i < count; i += 1) texts.push(this.text());
    return texts;
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (!(end <= this.#bytes.length)) throw this.#broken();
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** A copy that numbers of so many bytes can be viewed in. Like its writer it takes the machine for little-endian. */
  aligned(count: number, bytes: number): ArrayBuffer {
    const taken = this.take(count * bytes);
    const copy = new ArrayBuffer(taken.length);
    new Uint8Array(copy).set(taken);
    return copy;
  }

  #slot(from: number, length: number): number {
    let hash = length;
    const end = from + Math.min(length, 64);
    for (let i = from; i < end; i += 1) hash = (Math.imul(hash, 31) + this.#bytes[i]!) | 0;
    return (hash ^ (hash >>> 15)) & (CACHED - 1);
  }

  #sameBytes(a: number, b: number, length: number): boolean {
    for (let i = 0; i < length; i += 1) if (this.#bytes[a + i] !== this.#bytes[b + i]) return false;
    return true;
  }

  #broken(): NativeFormatError {
    return new NativeFormatError(`blocks of the Native format break off in byte ${this.#at} of ${this.#bytes.length}`);
  }
}
