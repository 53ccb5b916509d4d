import type { RunOptions } from '../../lib/runtime/lifecycle.ts';

type Listener = (...args: unknown[]) => void;

const NAMES = ['SIGTERM', 'SIGINT'] as const;
const early = new Set<string>();
const told = new AbortController();
const remember = (signal: NodeJS.Signals): void => {
  early.add(signal);
  told.abort();
};

/** Aborts when a signal comes: what a start waits for is waited for no longer. */
export const toldToStop: AbortSignal = told.signal;

/** From now on a signal does not end the process: a server that is still being opened stops in order once it can. */
export function holdSignals(): void {
  for (const name of NAMES) process.on(name, remember);
}

/** The process's signals; one that came before anybody listened is told to who listens first. */
export const signals: RunOptions['signals'] = {
  on(name: string | symbol, listener: Listener) {
    process.on(name, listener);
    if (early.has(String(name))) setImmediate(listener);
    return process;
  },
  off: (name: string | symbol, listener: Listener) => process.off(name, listener),
};
