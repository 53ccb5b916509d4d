import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A file without a name that the engine reads a body from: nothing is left of it when it is closed, or the process ends. */
export interface BodyFile {
  /** What the engine opens. */
  readonly path: string;
  readonly length: number;
  append(bytes: Uint8Array): Promise<void>;
  /** The bytes from `at` on, `length` of them or as many as there are. */
  read(at: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export async function createBodyFile(dir: string): Promise<BodyFile> {
  const path = join(dir, `driftline-body-${randomUUID()}`);
  const file = await open(path, 'wx+');
  await unlink(path);
  let length = 0;
  return {
    path: `/dev/fd/${file.fd}`,
    get length() {
      return length;
    },
    async append(bytes) {
      await writeAt(file, bytes, length);
      length += bytes.length;
    },
    async read(at, count) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, at);
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}

async function writeAt(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, start + at);
    at += bytesWritten;
  }
}
