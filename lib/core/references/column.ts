import type { FeatureKind } from '../sketch/types.ts';
import type { Cell } from './cells.ts';

/**
 * One column of a reference, gathered row by row: numbers densely, everything else by code into a dictionary. The kind
 * is decided once all rows are seen: numeric if every value is a number, boolean if every one is true or false,
 * categorical otherwise (or where the model declares it so).
 */
export class ReferenceColumn {
  readonly name: string;
  private readonly cells: Cell[] = [];
  private readonly seen = { number: 0, string: 0, boolean: 0 };

  constructor(name: string) {
    this.name = name;
  }

  add(cell: Cell): void {
    this.cells.push(cell);
    if (cell !== null) this.seen[typeof cell as 'number' | 'string' | 'boolean'] += 1;
  }

  get length(): number {
    return this.cells.length;
  }

  kind(forcedCategorical: boolean): FeatureKind {
    if (forcedCategorical || this.seen.string > 0) return 'categorical';
    if (this.seen.boolean > 0) return this.seen.number > 0 ? 'categorical' : 'boolean';
    return 'numeric';
  }

  /** The cells at the given rows, or all of them. */
  pick(rows?: readonly number[]): readonly Cell[] {
    return rows === undefined ? this.cells : rows.map((row) => this.cells[row] ?? null);
  }
}
