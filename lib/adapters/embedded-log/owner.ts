import { readFileSync } from 'node:fs';
import { LogUnavailableError } from '../../ports/log.ts';
import type { MetaKey, Storage } from './storage.ts';

export const OWNER: MetaKey = ['owner'];

export interface Owner {
  pid: number;
  /** Tells two processes apart that got the same pid one after the other; '' where the system does not say. */
  started: string;
}

/**
 * Makes this process the directory's only user, or throws. Taken and checked inside one LMDB write transaction, which
 * excludes other processes, so two that start together cannot both win; an owner that died is replaced.
 */
export function claimOwnership(storage: Storage, dir: string): void {
  const self: Owner = { pid: process.pid, started: processStart(process.pid) };
  storage.writeNow(() => {
    const owner = storage.meta.get(OWNER) as Owner | undefined;
    if (owner !== undefined && isRunning(owner)) {
      throw new LogUnavailableError(
        `embedded log: ${dir} is in use by process ${owner.pid}. Stop that process, or use another data directory.`,
      );
    }
    storage.meta.putSync(OWNER, self);
  });
}

export function releaseOwnership(storage: Storage): void {
  storage.writeNow(() => {
    storage.meta.removeSync(OWNER);
  });
}

/** Whether that very process is still there. */
export function isRunning(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return processStart(owner.pid) === owner.started;
}

/** Clock ticks from boot to the process's start (field 22 of /proc/PID/stat), '' where there is no /proc. */
function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
