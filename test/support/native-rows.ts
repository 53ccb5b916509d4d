import type { ColumnBlock } from '../../lib/core/sql/native-reader.ts';

/** The blocks' rows, one object each. */
export function rowsOf<T>(blocks: readonly ColumnBlock[]): T[] {
  return blocks.flatMap(({ rows, columns }) =>
    Array.from({ length: rows }, (_, i) => {
      const values = Object.entries(columns).map(([name, column]) => [name, column[i]]);
      return Object.fromEntries(values) as T;
    }),
  );
}
