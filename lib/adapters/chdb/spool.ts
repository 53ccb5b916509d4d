import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreUnavailableError } from '../../ports/store.ts';

/**
 * A file without a name, through which the engine is handed bytes: its statements are text. Nothing is left of it when the
 * process ends, however that happens. One caller at a time.
 */
export interface Spool {
  /** Puts `pieces` in the place of what it held: the path that the engine reads them from, and how many bytes they are. */
  fill(pieces: Iterable<Uint8Array>): Promise<{ path: string; length: number }>;
  close(): Promise<void>;
}

/** In `dir`, which is the engine's own: a full disk shows here as it does there. */
export async function openSpool(dir: string): Promise<Spool> {
  const path = join(dir, 'driftline-insert');
  const file = await open(path, 'w+');
  await unlink(path);
  return {
    async fill(pieces) {
      await available(() => file.truncate(0));
      let length = 0;
      for (const piece of pieces) length += await available(() => append(file, piece, length));
      return { path: `/dev/fd/${file.fd}`, length };
    },
    close: () => file.close(),
  };
}

/** All of `piece`, at `start`; its length. */
async function append(file: FileHandle, piece: Uint8Array, start: number): Promise<number> {
  for (let at = 0; at < piece.length; ) {
    const { bytesWritten } = await file.write(piece, at, piece.length - at, start + at);
    at += bytesWritten;
  }
  return piece.length;
}

async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailableError(`cannot hand rows to the engine: ${message}`, { cause: error });
  }
}
