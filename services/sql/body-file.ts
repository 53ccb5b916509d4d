import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A file without a name that the engine reads a body from: nothing is left of it when the process ends, however it does. */
export interface BodyFile {
  /** What the engine opens. */
  readonly path: string;
  readonly length: number;
  append(bytes: Uint8Array): Promise<void>;
  /** The bytes from `at` on, `length` of them or as many as there are. */
  read(at: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Files for bodies. Closed ones are emptied and used again: creating one may take longer than filling it. */
export interface BodyFiles {
  take(): Promise<BodyFile>;
  close(): Promise<void>;
}

/** Empty files kept for later. */
const KEPT = 8;

/** In `dir`, which has to be there once a body comes. */
export function createBodyFiles(dir: string): BodyFiles {
  const free: FileHandle[] = [];
  let closed = false;
  const giveBack = async (handle: FileHandle): Promise<void> => {
    try {
      await handle.truncate(0);
    } catch {
      // One less to keep.
      return handle.close();
    }
    if (closed || free.length >= KEPT) await handle.close();
    else free.push(handle);
  };
  return {
    async take() {
      const handle = free.pop() ?? (await createUnnamed(dir));
      return fileOn(handle, () => giveBack(handle));
    },
    async close() {
      closed = true;
      for (const handle of free.splice(0)) await handle.close();
    },
  };
}

async function createUnnamed(dir: string): Promise<FileHandle> {
  const path = join(dir, `driftline-body-${randomUUID()}`);
  const handle = await open(path, 'wx+');
  await unlink(path);
  return handle;
}

function fileOn(handle: FileHandle, close: () => Promise<void>): BodyFile {
  let length = 0;
  return {
    path: `/dev/fd/${handle.fd}`,
    get length() {
      return length;
    },
    async append(bytes) {
      await writeAt(handle, bytes, length);
      length += bytes.length;
    },
    async read(at, count) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, at);
      return buffer.subarray(0, bytesRead);
    },
    close,
  };
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, start + at);
    at += bytesWritten;
  }
}
