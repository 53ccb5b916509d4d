import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Took } from '../pipeline/stopwatch.ts';
import type { Outcome, Task, Told } from './aggregator-child.ts';
import type { VitalSigns } from './vitals.ts';

const CHILD = fileURLToPath(new URL('./aggregator-child.ts', import.meta.url));

export interface Taken extends Took {
  /** Rows of the ledger that were written, rewrites included. */
  ledgerRows: number;
  /** Of each process. */
  vitals: VitalSigns[];
}

/** Processes that are one group of aggregators. */
export class Aggregators {
  readonly #children: ChildProcess[];

  constructor(processes: number, profile?: string) {
    const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    this.#children = Array.from({ length: processes }, () =>
      fork(CHILD, [], { execArgv: [...process.execArgv, ...profiling] }),
    );
  }

  /** The whole topic, until all that is made of it is in the store; from the first record that any of them takes in. */
  async run(task: Omit<Task, 'group'>, total: number): Promise<Taken> {
    const group = `bench-${randomUUID()}`;
    const seen = this.#children.map(() => 0);
    const ends = this.#children.map((child, index) => {
      child.send({ ...task, group });
      return outcome(child, (count) => {
        seen[index] = count;
        if (seen.reduce((sum, one) => sum + one, 0) === total) for (const each of this.#children) each.send('stop');
      });
    });
    const all = await Promise.all(ends);
    const began = Math.min(...all.filter((one) => one.began > 0).map((one) => one.began));
    const ended = Math.max(...all.map((one) => one.ended));
    return {
      rate: (total / (ended - began)) * 1000,
      cpu: all.reduce((sum, { cpu }) => sum + cpu, 0) / total,
      ledgerRows: all.reduce((sum, { ledgerRows }) => sum + ledgerRows, 0),
      vitals: all.map(({ vitals }) => vitals),
    };
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.disconnect();
    await Promise.all(this.#children.map((child) => once(child, 'exit')));
  }
}

function outcome(child: ChildProcess, onSeen: (seen: number) => void): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`an aggregator ended with ${code}`));
    const onMessage = (told: Told) => {
      if ('seen' in told) return onSeen(told.seen);
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(told);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}
