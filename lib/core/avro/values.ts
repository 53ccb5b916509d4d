import { MISSING, NUMBER } from '../events/block.ts';
import { LIMITS } from '../events/limits.ts';
import type { AvroBytes } from './bytes.ts';
import type { AvroSchema } from './schema.ts';

/** What a value turned out to be; the first two are what a block's cell says of them. */
export const VALUE = { number: NUMBER, nothing: MISSING, text: 2, no: 3, yes: 4, vector: 5 } as const;

/** Types of the bytes. */
const TYPE = { null: 0, boolean: 1, long: 2, float: 3, double: 4, string: 5, doubles: 6, union: 7 } as const;

/** The layout of a scalar, of an array of doubles, or of a union of these. */
export interface ValueLayout {
  readonly type: number;
  readonly branches: readonly ValueLayout[];
  /** Of a union: the byte by which a double is announced; -1 where there is none. */
  readonly doubleBranch: number;
}

const PRIMITIVES: Readonly<Record<string, number>> = {
  null: TYPE.null,
  boolean: TYPE.boolean,
  int: TYPE.long,
  long: TYPE.long,
  float: TYPE.float,
  double: TYPE.double,
  string: TYPE.string,
};

/** The layout of values of this type; null: something else than scalars and arrays of doubles. */
export function valueLayout(schema: AvroSchema): ValueLayout | null {
  if (typeof schema === 'string') return Object.hasOwn(PRIMITIVES, schema) ? leaf(PRIMITIVES[schema]!) : null;
  if (!Array.isArray(schema)) {
    if ('items' in schema) return schema.items === 'double' ? leaf(TYPE.doubles) : null;
    return 'name' in schema || 'values' in schema ? null : valueLayout(schema.type);
  }
  const branches = schema.map(valueLayout);
  if (branches.some((branch) => branch === null || branch.type === TYPE.union)) return null;
  const double = branches.findIndex((branch) => branch?.type === TYPE.double);
  const doubleBranch = double >= 0 && double < 64 ? 2 * double : -1;
  return { type: TYPE.union, branches: branches as ValueLayout[], doubleBranch };
}

/** Whether it is a double, always. */
export function isPlainDouble({ type }: ValueLayout): boolean {
  return type === TYPE.double;
}

function leaf(type: number): ValueLayout {
  return { type, branches: [], doubleBranch: -1 };
}

/** Values read from bytes, one after another; texts stay where they are. */
export class ValueList {
  length = 0;
  kinds = new Uint8Array(64);
  numbers = new Float64Array(64);
  starts = new Uint32Array(64);
  ends = new Uint32Array(64);

  /** Reads one more value. */
  add(layout: ValueLayout, from: AvroBytes): void {
    if (this.length === this.kinds.length) this.#grow();
    const slot = this.length;
    this.length = slot + 1;
    if (layout.doubleBranch !== from.bytes[from.at]) {
      this.read(layout, slot, from);
      return;
    }
    from.at += 1;
    this.kinds[slot] = VALUE.number;
    this.numbers[slot] = from.double();
  }

  /** Reads `count` doubles that follow one another. */
  addDoubles(count: number, from: AvroBytes): void {
    const first = this.length;
    while (first + count > this.kinds.length) this.#grow();
    this.length = first + count;
    const { view } = from;
    const at = from.base + from.at;
    from.skip(8 * count);
    if (from.failed) return;
    this.kinds.fill(VALUE.number, first, first + count);
    const { numbers } = this;
    for (let i = 0; i < count; i++) numbers[first + i] = view.getFloat64(at + 8 * i, true);
  }

  /** Reads a value into a slot that there is; what cannot be read sets `from.failed`. */
  read(layout: ValueLayout, slot: number, from: AvroBytes): void {
    let { type } = layout;
    if (type === TYPE.union) type = layout.branches[from.long()]?.type ?? -1;
    if (type === TYPE.double) {
      this.kinds[slot] = VALUE.number;
      this.numbers[slot] = from.double();
    } else this.#readOther(type, slot, from);
  }

  #readOther(type: number, slot: number, from: AvroBytes): void {
    switch (type) {
      case TYPE.null:
        this.kinds[slot] = VALUE.nothing;
        return;
      case TYPE.boolean:
        this.kinds[slot] = from.flag() ? VALUE.yes : VALUE.no;
        return;
      case TYPE.long:
        this.kinds[slot] = VALUE.number;
        this.numbers[slot] = from.long();
        return;
      case TYPE.float:
        this.kinds[slot] = VALUE.number;
        this.numbers[slot] = from.float();
        return;
      case TYPE.string:
        this.kinds[slot] = VALUE.text;
        this.#take(slot, from);
        return;
      case TYPE.doubles:
        this.kinds[slot] = VALUE.vector;
        skipDoubles(from);
        return;
      default:
        from.failed = true;
    }
  }

  #take(slot: number, from: AvroBytes): void {
    const size = from.size();
    this.starts[slot] = from.at;
    from.at += size;
    this.ends[slot] = from.at;
    if (size > LIMITS.textLength) from.failed = true;
  }

  #grow(): void {
    const { kinds, numbers, starts, ends } = this;
    this.kinds = new Uint8Array(2 * kinds.length);
    this.kinds.set(kinds);
    this.numbers = new Float64Array(2 * numbers.length);
    this.numbers.set(numbers);
    this.starts = new Uint32Array(2 * starts.length);
    this.starts.set(starts);
    this.ends = new Uint32Array(2 * ends.length);
    this.ends.set(ends);
  }
}

function skipDoubles(from: AvroBytes): void {
  let count = 0;
  for (let left = from.items(LIMITS.vectorLength); left > 0; left = from.items(LIMITS.vectorLength - count)) {
    count += left;
    from.skip(8 * left);
  }
}
