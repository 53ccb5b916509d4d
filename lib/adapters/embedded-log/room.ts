import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** More than any transaction beside the one that asks can grow the file: removals, bounds, offsets. */
const MARGIN_BYTES = 2 * 1024 * 1024;
const STEP_BYTES = 2 * 1024 * 1024;

/**
 * Keeps the data file longer than what LMDB will write next, so that a full disk is met here and not in LMDB: lmdb 3.5
 * overruns a buffer of its own while it words that error, and the process dies or hangs with a broken heap
 * (docs/decisions/0011-lmdb-full-disk.md). LMDB writes over the zeros; it reads nothing behind its last page.
 */
export class Room {
  readonly #dir: string;
  readonly #used: () => number;
  #file: Promise<FileHandle> | null = null;
  #length = 0;
  #zeros: Buffer | null = null;
  #running: Promise<void> = Promise.resolve();

  /** `used`: bytes up to the end of LMDB's last page. */
  constructor(dir: string, used: () => number) {
    this.#dir = dir;
    this.#used = used;
  }

  /** Resolves when a transaction of so many bytes fits into the file. Rejects with the system's error (ENOSPC). */
  ensure(bytes: number): Promise<void> {
    const done = this.#running.catch(() => {}).then(() => this.#extend(bytes));
    this.#running = done;
    return done;
  }

  async close(): Promise<void> {
    await this.#running.catch(() => {});
    await (await this.#file)?.close();
  }

  async #extend(bytes: number): Promise<void> {
    const needed = this.#used() + bytes + MARGIN_BYTES;
    if (this.#length >= needed) return;
    this.#file ??= open(join(this.#dir, 'data.mdb'), 'r+');
    const file = await this.#file;
    this.#length = (await file.stat()).size;
    this.#zeros ??= Buffer.alloc(STEP_BYTES);
    while (this.#length < needed) {
      const { bytesWritten } = await file.write(this.#zeros, 0, STEP_BYTES, this.#length);
      this.#length += bytesWritten;
    }
  }
}
