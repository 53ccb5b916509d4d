import type { FeatureValue } from '../events/types.ts';
import type { FeatureKind } from '../sketch/types.ts';

/** Why a value that is there has no place in its column's distribution. */
export interface Unusable {
  readonly why: 'vector' | 'nan' | 'infinite' | 'wrongType';
}

const VECTOR: Unusable = { why: 'vector' };
const NAN: Unusable = { why: 'nan' };
const INFINITE: Unusable = { why: 'infinite' };
const WRONG_TYPE: Unusable = { why: 'wrongType' };

/**
 * A value as its column's kind reads it; null is missing. Vectors count as present and have no distribution here. In a
 * categorical column numbers and booleans are read as text; any other mismatch is a wrong type.
 */
export function readAs(kind: FeatureKind, value: FeatureValue): number | string | Unusable | null {
  if (value === null) return null;
  if (typeof value === 'number') return readNumber(kind, value);
  if (typeof value === 'object') return VECTOR;
  if (kind === 'categorical' || (kind === 'boolean' && typeof value === 'boolean')) return String(value);
  return WRONG_TYPE;
}

function readNumber(kind: FeatureKind, value: number): number | string | Unusable {
  if (Number.isNaN(value)) return NAN;
  if (!Number.isFinite(value)) return INFINITE;
  if (kind === 'boolean') return WRONG_TYPE;
  // Adding zero turns -0 into 0: the two are one value.
  return kind === 'numeric' ? value + 0 : String(value);
}

/** The kind of a column nobody declared, from its first usable value; null while there was none. */
export function kindOfValue(value: FeatureValue): FeatureKind | null {
  if (typeof value === 'number') return Number.isFinite(value) ? 'numeric' : null;
  if (typeof value === 'string') return 'categorical';
  return typeof value === 'boolean' ? 'boolean' : null;
}
