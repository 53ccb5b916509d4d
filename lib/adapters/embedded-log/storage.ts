import { mkdirSync } from 'node:fs';
import { type Database, open, type RootDatabase } from 'lmdb';
import { LogUnavailableError } from '../../ports/log.ts';

/** `[partition uid, first offset]` → an encoded record batch. */
export type BatchKey = [uid: number, baseOffset: number];
/** Everything else, by kind: topics, partition bounds, committed offsets, group generations, the owner. */
export type MetaKey = [kind: string, ...rest: (string | number)[]];

export interface Storage {
  batches: Database<Buffer, BatchKey>;
  meta: Database<unknown, MetaKey>;
  /** Runs `work` in one transaction; resolves when it is on the disk. */
  write(work: () => void): Promise<void>;
  /** Runs `work` in one transaction, blocking; also excludes other processes while it runs. */
  writeNow<T>(work: () => T): T;
  close(): Promise<void>;
}

/** Opens (or creates) the LMDB environment in `dir`. */
export function openStorage(dir: string): Storage {
  const root = openRoot(dir);
  const batches = root.openDB<Buffer, BatchKey>({ name: 'batches', encoding: 'binary' });
  const meta = root.openDB<unknown, MetaKey>({ name: 'meta', encoding: 'json' });
  return {
    batches,
    meta,
    write: async (work) => {
      try {
        await root.batch(work);
      } catch (error) {
        throw new LogUnavailableError(`embedded log: cannot write to ${dir}: ${describe(error)}`, { cause: error });
      }
    },
    writeNow: (work) => root.transactionSync(work),
    close: () => root.close(),
  };
}

/** overlappingSync off: a commit resolves only after its fsync, and readers never see what could still be lost. */
function openRoot(dir: string): RootDatabase<unknown, MetaKey> {
  try {
    mkdirSync(dir, { recursive: true });
    return open<unknown, MetaKey>({ path: dir, overlappingSync: false, maxDbs: 4, noSubdir: false });
  } catch (error) {
    throw new LogUnavailableError(`embedded log: cannot open ${dir}: ${describe(error)}`, { cause: error });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
