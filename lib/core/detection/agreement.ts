import type { ChunkKey, LedgerRow } from './types.ts';

/** Names a chunk: rows and manifests with equal names are of the same offsets. */
export function chunkName(chunk: ChunkKey): string {
  return JSON.stringify([chunk.topic, chunk.incarnation, chunk.partition, chunk.chunkStart]);
}

/** Names what one flush writes whole: the rows of one (chunk, generation, version, role, window). */
function flushName(row: LedgerRow): string {
  return JSON.stringify([chunkName(row), row.generation, row.version, row.role, row.window.start, row.window.end]);
}

/**
 * Why rows read from the ledger cannot be merged yet, or null when they can; then the read fell into a flush and must be
 * repeated. A flush writes a window's rows, then its manifest: so whole columns of one (chunk, generation, window) cover
 * the same offsets, segments (written only when they changed) no more than their window, and nothing goes beyond
 * `reachOf` its chunk in the manifest.
 */
export function disagreement(rows: readonly LedgerRow[], reachOf: (chunk: ChunkKey) => number): string | null {
  const heads = new Map<string, number>();
  for (const row of rows) if (row.feature === '' && row.segment === '') heads.set(flushName(row), row.covered);
  for (const row of rows) {
    const head = heads.get(flushName(row));
    if (head === undefined) return `no row for the window itself beside ${describe(row)}`;
    const torn = row.segment === '' ? row.covered !== head : row.covered > head;
    if (torn) return `${describe(row)} covers ${row.covered}, its window ${head}`;
    if (row.covered > reachOf(row)) return `${describe(row)} covers ${row.covered}, its manifest ${reachOf(row)}`;
  }
  return null;
}

function describe(row: LedgerRow): string {
  const what = [row.feature || 'the window', row.segment].filter((part) => part !== '').join(' / ');
  return `${what} of ${row.topic}/${row.partition} chunk ${row.chunkStart} generation ${row.generation}`;
}
