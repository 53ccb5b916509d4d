import { formatBytes } from '../format.ts';
import type { Check, Finding, Machine } from '../types.ts';
import { ok, problem, warning } from '../types.ts';

/** The aggregator is promised to stay below 512 MB; beside it the machine needs room for itself. */
const LEAST_MEMORY = 768 * 2 ** 20;
/** Fewer threads than the embedded engine shares out: see lib/adapters/chdb/threads.ts. */
const LEAST_THREADS = 8;

export const processCheck: Check = {
  name: 'process',
  needs: [],
  run: async ({ machine, config }) => [
    nodeFinding(machine),
    memoryFinding(machine),
    ...(config.store.kind === 'embedded' ? [threadFinding(machine)] : []),
  ],
};

function nodeFinding({ nodeVersion, minNodeVersion }: Machine): Finding {
  if (compareVersions(nodeVersion, minNodeVersion) >= 0) return ok(`Node ${nodeVersion}`);
  return problem(`Node ${nodeVersion} is older than ${minNodeVersion}`, `install Node ${minNodeVersion} or newer`);
}

function memoryFinding({ memoryBytes, heapBytes }: Machine): Finding {
  const figures = `memory limit ${formatBytes(memoryBytes)}, heap limit ${formatBytes(heapBytes)}`;
  if (memoryBytes < LEAST_MEMORY)
    return warning(`${figures}: an aggregator may use 512 MiB`, 'give each process 768 MiB or more');
  if (heapBytes > memoryBytes)
    return warning(
      `${figures}: the heap may outgrow the memory`,
      'set NODE_OPTIONS=--max-old-space-size to three quarters of the limit, in MiB',
    );
  return ok(figures);
}

function threadFinding({ threadPool }: Machine): Finding {
  const threads = Number(threadPool ?? 4);
  if (threads >= LEAST_THREADS) return ok(`UV_THREADPOOL_SIZE=${threads}`);
  return warning(
    `UV_THREADPOOL_SIZE is ${threadPool ?? 'unset (4)'}: slow queries of the embedded engine hold up everything else`,
    'set UV_THREADPOOL_SIZE=24 before Node starts; bin/driftline.cjs does so where it is unset',
  );
}

/** Negative, zero or positive as `one` is older than, equal to or newer than `other`; by numbers between dots. */
export function compareVersions(one: string, other: string): number {
  const parts = other.split('.').map(Number);
  const difference = one.split('.').map((part, index) => Number(part) - (parts[index] ?? 0));
  return difference.find((part) => part !== 0) ?? 0;
}
