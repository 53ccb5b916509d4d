import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own with little room, which can be filled to the last byte and given room again. */
export interface TinyDisk {
  /** Writes until the disk takes no more, but for `leave` bytes. */
  fill(leave?: number): void;
  /** Gives back what `fill` took. */
  makeRoom(): void;
  free(): number;
  close(): void;
}

/**
 * Mounts a tmpfs of `bytes` on `dir`, which is made. Mounting needs root, or sudo without a password; where there is
 * neither this throws: a test of a full disk that does not run must not look as if it had.
 */
export function mountTinyDisk(dir: string, bytes: number): TinyDisk {
  mkdirSync(dir, { recursive: true });
  asRoot('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0777`, 'tmpfs', dir]);
  const filler = join(dir, 'filler');
  const free = (): number => {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  };
  return {
    free,
    fill: (leave = 0) => writeUntilFull(filler, () => free() - leave),
    makeRoom: () => rmSync(filler, { force: true }),
    // Lazily: whoever dies slowly may still hold a file.
    close: () => asRoot('umount', ['-l', dir]),
  };
}

function asRoot(command: string, args: readonly string[]): void {
  const own = process.getuid?.() === 0;
  try {
    execFileSync(own ? command : 'sudo', own ? args : ['-n', command, ...args], { stdio: 'pipe' });
  } catch (error) {
    throw new Error(`this test needs to ${command} a small disk: run it as root, or let sudo work without a password`, {
      cause: error,
    });
  }
}

function writeUntilFull(file: string, left: () => number): void {
  const block = Buffer.alloc(64 * 1024);
  const fd = openSync(file, 'a');
  try {
    while (left() > 0) writeSync(fd, block, 0, Math.min(block.length, left()));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(fd);
  }
}
