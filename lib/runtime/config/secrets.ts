import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatPath, type Problem } from './problems.ts';

const ROUTING_KEY = /^[A-Za-z0-9]{32}$/;

/** The secret itself, or the trimmed content of its file; undefined where neither is given or the file cannot be read. */
export function readSecret(
  inline: string | undefined,
  file: string | undefined,
  path: readonly PropertyKey[],
  baseDir: string,
  problems: Problem[],
): string | undefined {
  if (file === undefined) return inline;
  const absolute = resolve(baseDir, file);
  try {
    const secret = readFileSync(absolute, 'utf8').trim();
    if (secret !== '') return secret;
    problems.push({ path: formatPath(path), message: `${absolute} is empty` });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    problems.push({
      path: formatPath(path),
      message: `cannot read ${absolute} (${code === 'ENOENT' ? 'no such file' : code})`,
    });
  }
  return undefined;
}

/** Never shows the key: only how long it is. */
export function checkRoutingKey(key: string | undefined, path: readonly PropertyKey[], problems: Problem[]): void {
  if (key === undefined || ROUTING_KEY.test(key)) return;
  const message = `must be PagerDuty's integration key of 32 letters and digits (this has ${key.length} characters)`;
  problems.push({ path: formatPath(path), message });
}

/** A file that another part reads must at least be readable now. Returns its absolute path. */
export function checkReadable(
  file: string | undefined,
  path: readonly PropertyKey[],
  baseDir: string,
  problems: Problem[],
): string | null {
  if (file === undefined) return null;
  readSecret(undefined, file, path, baseDir, problems);
  return resolve(baseDir, file);
}
