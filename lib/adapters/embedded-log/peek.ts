import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { isRunning, OWNER, type Owner } from './owner.ts';
import type { MetaKey } from './storage.ts';

/** The process that has the log in `dir` open, or null. Reads only, beside that process; makes no directory. */
export async function runningOwner(dir: string): Promise<number | null> {
  if (!existsSync(join(dir, 'data.mdb'))) return null;
  const root = open<unknown, MetaKey>({ path: dir, readOnly: true, noSubdir: false, maxDbs: 4 });
  try {
    const owner = root.openDB<unknown, MetaKey>({ name: 'meta', encoding: 'json' })?.get(OWNER) as Owner | undefined;
    return owner !== undefined && isRunning(owner) ? owner.pid : null;
  } finally {
    await root.close();
  }
}
