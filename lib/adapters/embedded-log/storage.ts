import { mkdirSync } from 'node:fs';
import { type Database, open, type RootDatabase } from 'lmdb';
import { LogUnavailableError } from '../../ports/log.ts';
import { Room } from './room.ts';

/** `[partition uid, first offset]` → an encoded record batch. */
export type BatchKey = [uid: number, baseOffset: number];
/** Everything else, by kind: topics, partition bounds, committed offsets, group generations, the owner. */
export type MetaKey = [kind: string, ...rest: (string | number)[]];

/** Writes inside `Storage.write`; they take part in its transaction, and its outcome is theirs. */
export interface Transaction {
  putBatch(key: BatchKey, bytes: Buffer): void;
  removeBatch(key: BatchKey): void;
  putMeta(key: MetaKey, value: unknown): void;
}

export interface Storage {
  batches: Database<Buffer, BatchKey>;
  meta: Database<unknown, MetaKey>;
  /**
   * Runs `work` in one transaction; resolves when it is on the disk. Rejects with LogUnavailableError. `grows`: bytes that it
   * adds at most; 0 for what only replaces and removes, which a full disk must not keep from making room.
   */
  write(work: (transaction: Transaction) => void, grows?: number): Promise<void>;
  /** Runs `work` in one transaction, blocking; also excludes other processes while it runs. */
  writeNow<T>(work: () => T): T;
  close(): Promise<void>;
}

/** Opens (or creates) the LMDB environment in `dir`. */
export function openStorage(dir: string): Storage {
  const root = openRoot(dir);
  const batches = root.openDB<Buffer, BatchKey>({ name: 'batches', encoding: 'binary' });
  const meta = root.openDB<unknown, MetaKey>({ name: 'meta', encoding: 'json' });
  const room = new Room(dir, () => usedBytes(root));
  const transaction: Transaction = {
    putBatch: (key, bytes) => leaveToBatch(batches.put(key, bytes)),
    removeBatch: (key) => leaveToBatch(batches.remove(key)),
    putMeta: (key, value) => leaveToBatch(meta.put(key, value)),
  };
  return {
    batches,
    meta,
    write: async (work, grows = 0) => {
      try {
        if (grows > 0) await room.ensure(grows);
        await root.batch(() => work(transaction));
      } catch (error) {
        const cause = await commitError(error);
        throw new LogUnavailableError(`embedded log: cannot write to ${dir}: ${describe(cause)}`, { cause });
      }
    },
    writeNow: (work) => writeNow(root, dir, work),
    close: async () => {
      await room.close();
      await root.close();
    },
  };
}

function usedBytes(root: RootDatabase<unknown, MetaKey>): number {
  const { pageSize, lastPageNumber } = root.getStats() as { pageSize: number; lastPageNumber: number };
  return (lastPageNumber + 1) * pageSize;
}

/** LMDB promises an outcome for every write; the batch's own tells the same, so that this one may go unheard. */
function leaveToBatch(outcome: Promise<boolean>): void {
  outcome.catch(() => {});
}

function writeNow<T>(root: RootDatabase<unknown, MetaKey>, dir: string, work: () => T): T {
  try {
    return root.transactionSync(work);
  } catch (error) {
    if (error instanceof LogUnavailableError) throw error;
    throw new LogUnavailableError(`embedded log: cannot write to ${dir}: ${describe(error)}`, { cause: error });
  }
}

/** A failed commit says "see commitError": a promise that is rejected with the reason soon after, if there is one. */
async function commitError(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  let reason: unknown = error;
  Promise.resolve(error.commitError).catch((cause) => {
    reason = cause;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return reason;
}

/**
 * overlappingSync off: a commit resolves only after its fsync, and readers never see what could still be lost.
 * eventTurnBatching off: writes come in batches of our own, and its outcome, which nobody hears, would end the process
 * as an unhandled rejection when the disk is full.
 */
function openRoot(dir: string): RootDatabase<unknown, MetaKey> {
  try {
    mkdirSync(dir, { recursive: true });
    return open<unknown, MetaKey>({
      path: dir,
      overlappingSync: false,
      eventTurnBatching: false,
      maxDbs: 4,
      noSubdir: false,
    });
  } catch (error) {
    throw new LogUnavailableError(`embedded log: cannot open ${dir}: ${describe(error)}`, { cause: error });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
