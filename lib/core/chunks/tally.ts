import type { FeatureValue } from '../events/types.ts';
import type { FeatureKind, ValueCounts } from '../sketch/types.ts';

/** Counts what a column receives, and hands on what is usable as a value of the column's kind. */
export class ValueTally {
  #seen = 0;
  #nan = 0;
  #infinite = 0;
  #wrongType = 0;

  /**
   * The usable value, or null. Vectors count as present and have no distribution here. In a categorical column numbers
   * and booleans are read as text; any other mismatch is a wrong type.
   */
  take(kind: FeatureKind, value: FeatureValue): number | string | null {
    if (value === null) return null;
    this.#seen += 1;
    if (typeof value === 'object') return null;
    if (typeof value === 'number') return this.#takeNumber(kind, value);
    if (kind === 'categorical' || (kind === 'boolean' && typeof value === 'boolean')) return String(value);
    this.#wrongType += 1;
    return null;
  }

  #takeNumber(kind: FeatureKind, value: number): number | string | null {
    if (Number.isNaN(value)) this.#nan += 1;
    else if (!Number.isFinite(value)) this.#infinite += 1;
    else if (kind === 'boolean') this.#wrongType += 1;
    // Adding zero turns -0 into 0: the two are one value.
    else return kind === 'numeric' ? value + 0 : String(value);
    return null;
  }

  /** Counts over `events` events; those without a value are missing. */
  counts(events: number): ValueCounts {
    return {
      count: events,
      missing: events - this.#seen,
      nan: this.#nan,
      infinite: this.#infinite,
      wrongType: this.#wrongType,
    };
  }
}

/** The kind of a column nobody declared, from its first usable value; null while there was none. */
export function kindOfValue(value: FeatureValue): FeatureKind | null {
  if (typeof value === 'number') return Number.isFinite(value) ? 'numeric' : null;
  if (typeof value === 'string') return 'categorical';
  return typeof value === 'boolean' ? 'boolean' : null;
}
