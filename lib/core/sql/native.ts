import { ByteWriter } from './byte-writer.ts';

/** A type of ClickHouse's, and how its values are written. */
export interface NativeType<T> {
  readonly name: string;
  /** What a Nullable holds beside its NULL. */
  readonly zero: T;
  write(out: ByteWriter, value: T): void;
  /** The items of an array, where that is faster than one by one. */
  writeAll?(out: ByteWriter, items: ArrayLike<T>): void;
}

/** Also for LowCardinality(String) columns: the store casts. */
export const TEXT: NativeType<string> = { name: 'String', zero: '', write: (out, text) => out.string(text) };
export const FLOAT64: NativeType<number> = {
  name: 'Float64',
  zero: 0,
  write: (out, value) => out.float64(value),
  writeAll: writeFloats,
};
export const UINT8: NativeType<number> = { name: 'UInt8', zero: 0, write: (out, value) => out.uint8(value) };
export const UINT32: NativeType<number> = { name: 'UInt32', zero: 0, write: (out, value) => out.uint32(value) };
/** Integers up to 2^53 − 1. */
export const UINT64: NativeType<number> = { name: 'UInt64', zero: 0, write: (out, value) => out.uint64(value) };
/** Milliseconds since the epoch. */
export const TIME: NativeType<number> = {
  name: "DateTime64(3, 'UTC')",
  zero: 0,
  write: (out, ms) => out.dateTime64(ms),
};

/** The memory of a Float64Array is what the format holds: every machine that the store's clients run on is little-endian. */
function writeFloats(out: ByteWriter, items: ArrayLike<number>): void {
  if (items instanceof Float64Array) out.raw(new Uint8Array(items.buffer, items.byteOffset, items.byteLength));
  else for (let i = 0; i < items.length; i += 1) out.float64(items[i]!);
}

/** A column of a block: `type` is its full name, `parts` what is written of it, in the format's order. */
interface Column {
  readonly name: string;
  readonly type: string;
  /** Null: as many as the others have. */
  readonly rows: number | null;
  readonly parts: readonly ByteWriter[];
  /** Back to no rows, in the same memory. */
  clear(): void;
}

/** A column of one value, which is written once and repeated when the block is taken. */
class Constant<T> implements Column {
  readonly name: string;
  readonly type: string;
  readonly rows = null;
  readonly #block: NativeBlock;
  readonly #value = new ByteWriter(64);

  constructor(block: NativeBlock, name: string, type: NativeType<T>, value: T) {
    this.name = name;
    this.type = type.name;
    this.#block = block;
    type.write(this.#value, value);
  }

  get parts(): readonly ByteWriter[] {
    const value = this.#value.written();
    const { rows } = this.#block;
    const out = new ByteWriter(rows * value.length);
    for (let i = 0; i < rows; i += 1) out.raw(value);
    return [out];
  }

  clear(): void {}
}

/** A column of plain values. */
class Values<T> implements Column {
  readonly name: string;
  readonly type: string;
  readonly parts: readonly ByteWriter[];
  rows = 0;
  readonly #out = new ByteWriter();
  readonly #write: (out: ByteWriter, value: T) => void;

  constructor(name: string, type: NativeType<T>) {
    this.name = name;
    this.type = type.name;
    this.parts = [this.#out];
    this.#write = type.write;
  }

  add(value: T): void {
    this.#write(this.#out, value);
    this.rows += 1;
  }

  /** For text: the bytes of `source` from `start` to before `end`, which are UTF-8 already. */
  addUtf8(this: Values<string>, source: Uint8Array, start?: number, end?: number): void {
    this.#out.utf8(source, start, end);
    this.rows += 1;
  }

  clear(): void {
    this.#out.clear();
    this.rows = 0;
  }
}

/** A column of values or NULL. */
class Nullables<T> implements Column {
  readonly name: string;
  readonly type: string;
  readonly parts: readonly ByteWriter[];
  rows = 0;
  readonly #nulls = new ByteWriter();
  readonly #out = new ByteWriter();
  readonly #of: NativeType<T>;

  constructor(name: string, type: NativeType<T>) {
    this.name = name;
    this.type = `Nullable(${type.name})`;
    this.parts = [this.#nulls, this.#out];
    this.#of = type;
  }

  add(value: T | null): void {
    this.#nulls.uint8(value === null ? 1 : 0);
    this.#of.write(this.#out, value ?? this.#of.zero);
    this.rows += 1;
  }

  clear(): void {
    this.#nulls.clear();
    this.#out.clear();
    this.rows = 0;
  }
}

/** A column of arrays: where each ends, then all their items. */
class Arrays<T> implements Column {
  readonly name: string;
  readonly type: string;
  readonly parts: readonly ByteWriter[];
  rows = 0;
  #end = 0;
  readonly #ends = new ByteWriter();
  readonly #out = new ByteWriter();
  readonly #of: NativeType<T>;

  constructor(name: string, type: NativeType<T>) {
    this.name = name;
    this.type = `Array(${type.name})`;
    this.parts = [this.#ends, this.#out];
    this.#of = type;
  }

  add(items: ArrayLike<T>): void {
    if (this.#of.writeAll !== undefined) this.#of.writeAll(this.#out, items);
    else for (let i = 0; i < items.length; i += 1) this.#of.write(this.#out, items[i]!);
    this.#end += items.length;
    this.#ends.uint64(this.#end);
    this.rows += 1;
  }

  clear(): void {
    this.#ends.clear();
    this.#out.clear();
    this.#end = 0;
    this.rows = 0;
  }
}

export type { Arrays, Nullables, Values };

/**
 * A block of rows in ClickHouse's Native format (without a protocol version, as over HTTP and in files): column after
 * column, each with its name and type, so that arrays of numbers are one piece of memory to who writes and who reads
 * them. Values are encoded as they are added; add one to every column but the constant ones for each row.
 */
export class NativeBlock {
  readonly #columns: Column[] = [];

  /** A column of `type`; columns are written in the order they are made. */
  values<T>(name: string, type: NativeType<T>): Values<T> {
    return this.#keep(new Values(name, type));
  }

  /** A column that says `value` in every row; nothing is added to it. */
  constant<T>(name: string, type: NativeType<T>, value: T): void {
    this.#keep(new Constant(this, name, type, value));
  }

  nullables<T>(name: string, type: NativeType<T>): Nullables<T> {
    return this.#keep(new Nullables(name, type));
  }

  arrays<T>(name: string, type: NativeType<T>): Arrays<T> {
    return this.#keep(new Arrays(name, type));
  }

  /** Names of its columns. */
  get names(): string[] {
    return this.#columns.map(({ name }) => name);
  }

  get rows(): number {
    for (const { rows } of this.#columns) if (rows !== null) return rows;
    return 0;
  }

  /** Of the values added. */
  get bytes(): number {
    let bytes = 0;
    for (const column of this.#columns) {
      if (column.rows !== null) for (const part of column.parts) bytes += part.length;
    }
    return bytes;
  }

  /**
   * The bytes of the rows added since the last time, as a block of their own and no more memory than that; null where
   * there are none. The next rows go into the memory that these were in.
   */
  take(): Uint8Array | null {
    const { rows } = this;
    if (rows === 0) return null;
    const parts = this.#columns.map((column) => partsOf(column, rows));
    const bytes = parts.reduce((sum, of) => sum + of.reduce((all, part) => all + part.length, 0), 0);
    const out = new ByteWriter(bytes + HEAD_BYTES * (1 + this.#columns.length));
    out.varint(this.#columns.length);
    out.varint(rows);
    for (const [i, column] of this.#columns.entries()) {
      out.string(column.name);
      out.string(column.type);
      for (const part of parts[i]!) out.raw(part.written());
      column.clear();
    }
    return out.written();
  }

  #keep<C extends Column>(column: C): C {
    this.#columns.push(column);
    return column;
  }
}

/** More than a block's head takes, or the name and type of a column. */
const HEAD_BYTES = 256;

function partsOf({ name, rows, parts }: Column, all: number): readonly ByteWriter[] {
  if ((rows ?? all) !== all) throw new Error(`column ${name} has ${rows} values in ${all} rows`);
  return parts;
}

/** What a block should have at most, rows of any size apart. */
export const BLOCK_BYTES = 1024 * 1024;

/** The rows in blocks, encoded as they are taken by what `open` makes: each iteration makes them anew. */
export function blocksOf<R>(
  rows: Iterable<R>,
  open: () => { readonly block: NativeBlock; add(row: R): void },
): Iterable<Uint8Array> {
  return {
    *[Symbol.iterator]() {
      const encoder = open();
      for (const row of rows) {
        encoder.add(row);
        if (encoder.block.bytes >= BLOCK_BYTES) yield encoder.block.take()!;
      }
      const rest = encoder.block.take();
      if (rest !== null) yield rest;
    },
  };
}
