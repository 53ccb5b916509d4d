/** Where a segment keeps what it counts of a column: first present, NaN, infinite and wrong type, then its cells. */
export const HEAD = 4;
export const NAN = 1;
export const INFINITE = 2;
export const WRONG_TYPE = 3;

/** Counts that a segment keeps for a column with so many cells. */
export function columnSlots(cells: number): number {
  return HEAD + cells;
}
