import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Kills the process with this one, however this one ends. */
export function reap(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}
