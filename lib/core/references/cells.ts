/** What one cell of a tabular file says: the same rule for references and for replayed streams, so that they agree. */
export type Cell = number | string | boolean | null;

const MISSING = new Set(['', 'null', 'NULL', 'None', 'NaN', 'nan', 'NA', 'N/A']);
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Empty and the usual words for missing → null; `true`/`True` → boolean; a decimal number → number; else the text. */
export function readCell(text: string): Cell {
  if (MISSING.has(text)) return null;
  if (text === 'true' || text === 'True') return true;
  if (text === 'false' || text === 'False') return false;
  return DECIMAL.test(text) ? Number(text) : text;
}

const ZONED = /(Z|[+-]\d\d:?\d\d)$/;

/** ms since the epoch of a timestamp cell: epoch ms (a number above 1e11), epoch seconds (below), or ISO 8601 (UTC where no zone is named). null: not a time. */
export function readTimestamp(text: string): number | null {
  const cell = readCell(text);
  if (typeof cell === 'number') return Math.abs(cell) > 1e11 ? cell : cell * 1000;
  if (typeof cell !== 'string') return null;
  const iso = cell.replace(' ', 'T');
  const ms = Date.parse(ZONED.test(iso) || iso.length <= 10 ? iso : `${iso}Z`);
  return Number.isNaN(ms) ? null : ms;
}
