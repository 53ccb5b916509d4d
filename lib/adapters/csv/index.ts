import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import type { TableFile } from '../../ports/table-file.ts';

/**
 * Opens a CSV file with a header line; `.gz` is decompressed. Throws with the file's name for what is missing or not CSV,
 * with the line where a row has another number of cells than the header.
 */
export async function openCsv(path: string): Promise<TableFile> {
  await access(path).catch(() => {
    throw new Error(`${path}: no such file`);
  });
  const rows = parsedRows(path);
  const first = await rows.next();
  if (first.done) throw new Error(`${path}: empty file, a header line was expected`);
  return { columns: first.value, rows };
}

async function* parsedRows(path: string): AsyncGenerator<readonly string[]> {
  const parser = parse({ bom: true, relax_column_count: false, skip_empty_lines: true });
  const source = createReadStream(path);
  const bytes = path.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  // pipe() does not pass errors on: without this a broken archive would hang the reader.
  source.on('error', (error) => parser.destroy(error));
  bytes.on('error', (error: Error) => parser.destroy(error));
  bytes.pipe(parser);
  try {
    for await (const row of parser) yield row as string[];
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    source.destroy();
  }
}
