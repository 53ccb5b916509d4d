import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const PYTHON = fileURLToPath(new URL('../../.cache/python/bin/python', import.meta.url));
const TGKILL =
  'import ctypes, sys; c = ctypes.CDLL(None, use_errno=True); sys.exit(c.tgkill(*map(int, sys.argv[1:])) and ctypes.get_errno())';

/** Sends a signal to one thread of a process, as a crash of that thread would. `thread` is how the thread's name begins. */
export function signalThread(pid: number, thread: string, signal: NodeJS.Signals): void {
  const name = (tid: string): string => readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8');
  const tid = readdirSync(`/proc/${pid}/task`).find((candidate) => name(candidate).startsWith(thread));
  if (tid === undefined) throw new Error(`process ${pid} has no thread ${thread}`);
  execFileSync(PYTHON, ['-c', TGKILL, String(pid), tid, String(constants.signals[signal])]);
}
