/** Rows of a tabular file (a reference, a stream to replay) as text cells, read as a stream. Implementation: adapters/csv. */
export interface TableFile {
  columns: readonly string[];
  /** Each row has as many cells as there are columns. */
  rows: AsyncIterable<readonly string[]>;
}

/** Opens a file. Rejects with a message that names the file and the line when it cannot be read as a table. */
export type OpenTable = (path: string) => Promise<TableFile>;
