import type { BatchColumn, BatchIds, ColumnarBatch } from '../events/batch-types.ts';
import { LIMITS } from '../events/limits.ts';
import { TextCache } from '../json/text-cache.ts';
import { AvroBytes } from './bytes.ts';

type PlacedIds = Extract<BatchIds, { source: Uint8Array }>;

const KINDS = ['numeric', 'boolean', 'categorical'] as const;

/**
 * Reads a `PredictionBatch` written by exactly the schema of schemas/prediction-batch.avsc: its bytes are referred to, not
 * copied, and ids stay bytes where they are plain ASCII. What it cannot read, others must.
 */
export class BatchBytes {
  readonly #from = new AvroBytes();
  readonly #texts = new TextCache();
  readonly #isAscii: (bytes: Uint8Array) => boolean;
  #starts = new Uint32Array(1_024);
  #ends = new Uint32Array(1_024);

  constructor(isAscii: (bytes: Uint8Array) => boolean) {
    this.#isAscii = isAscii;
  }

  /** The batch from `at` to the end of the bytes, valid until the next one is read; null: not what it should be. */
  read(bytes: Uint8Array, at: number): ColumnarBatch | null {
    const from = this.#from;
    from.start(bytes, at);
    const model = this.#text();
    const version = this.#text();
    const role = this.#text();
    const ids = this.#ids();
    const timestamps = from.take();
    const columns: BatchColumn[] = [];
    for (let left = from.items(LIMITS.mapEntries); left > 0; left = from.items(LIMITS.mapEntries - columns.length)) {
      for (; left > 0 && !from.failed; left--) columns.push(this.#column());
    }
    return from.done && ids !== null ? { model, version, role, ids, timestamps, columns } : null;
  }

  #column(): BatchColumn {
    const from = this.#from;
    const name = this.#text();
    const kind = KINDS[from.long()];
    if (kind === undefined) from.failed = true;
    const values = from.take();
    const dictionary: string[] = [];
    for (let left = from.items(LIMITS.batchRows); left > 0; left = from.items(LIMITS.batchRows - dictionary.length)) {
      for (; left > 0 && !from.failed; left--) dictionary.push(this.#text());
    }
    return { name, kind: kind ?? 'numeric', values, dictionary, missing: from.take() };
  }

  #ids(): BatchIds | null {
    const from = this.#from;
    let count = 0;
    let isPlain = true;
    for (let left = from.items(LIMITS.batchRows); left > 0; left = from.items(LIMITS.batchRows - count)) {
      const first = from.at;
      this.#reserve(count + left);
      this.#take(count, left);
      if (from.failed) return null;
      count += left;
      isPlain &&= this.#isAscii(from.bytes.subarray(first, from.at));
    }
    if (from.failed) return null;
    const ids = { count, source: from.bytes, starts: this.#starts, ends: this.#ends };
    // Lengths past 63 are no ASCII either: then the ids alone are looked at.
    return isPlain || areAscii(ids) ? ids : this.#idTexts(ids);
  }

  #take(count: number, more: number): void {
    const from = this.#from;
    const starts = this.#starts;
    const ends = this.#ends;
    for (let row = count; row < count + more; row++) {
      const size = from.size();
      starts[row] = from.at;
      from.at += size;
      ends[row] = from.at;
    }
  }

  #idTexts({ count, source, starts, ends }: PlacedIds): BatchIds | null {
    const texts: string[] = [];
    for (let row = 0; row < count; row++) {
      const text = this.#texts.get(source, starts[row]!, ends[row]!);
      if (text === null) return null;
      texts.push(text);
    }
    return { count, source: null, texts };
  }

  #text(): string {
    const from = this.#from;
    const size = from.size();
    const text = this.#texts.get(from.bytes, from.at, from.at + size);
    from.at += size;
    if (text === null) from.failed = true;
    return text ?? '';
  }

  #reserve(count: number): void {
    if (count <= this.#starts.length) return;
    this.#starts = grown(this.#starts, count);
    this.#ends = grown(this.#ends, count);
  }
}

function grown(old: Uint32Array<ArrayBuffer>, count: number): Uint32Array<ArrayBuffer> {
  const array = new Uint32Array(Math.max(count, 2 * old.length));
  array.set(old);
  return array;
}

function areAscii({ count, source, starts, ends }: PlacedIds): boolean {
  for (let row = 0; row < count; row++) {
    for (let at = starts[row]!; at < ends[row]!; at++) if (source[at]! >= 0x80) return false;
  }
  return true;
}
