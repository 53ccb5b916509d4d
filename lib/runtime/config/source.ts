import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { isObject, type RawObject } from './parse-object.ts';
import { ConfigError } from './problems.ts';

/** Reads the YAML file into plain values. Syntax errors and repeated keys carry file, line and column. */
export function readConfigFile(file: string): RawObject {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { path: '', message: `${file}:${line}:${col}: ${error.message}` };
      }),
    );
  }
  return toObject(toPlain(document, file), file);
}

/** Aliases that expand without bound throw here. */
function toPlain(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ConfigError([
      { path: '', message: `${file}: ${error instanceof Error ? error.message : String(error)}` },
    ]);
  }
}

function toObject(value: unknown, file: string): RawObject {
  if (value === null || value === undefined) return {};
  if (isObject(value)) return value;
  throw new ConfigError([{ path: '', message: `${file}: must hold keys and values at its top level` }]);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'no such file' : String(error);
    throw new ConfigError([{ path: '', message: `${file}: cannot be read: ${reason}` }]);
  }
}
