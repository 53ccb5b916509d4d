import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Took } from '../pipeline/stopwatch.ts';
import type { Question } from './readers.ts';

const CHILD = fileURLToPath(new URL('./reader-child.ts', import.meta.url));

/**
 * A reader of Kafka in a process of its own: kafkajs alone must not find our decoder in the place of its own, which the log
 * port puts there for the whole process. `profile` is a directory for --cpu-prof.
 */
export class ReaderProcess {
  readonly #child;

  constructor(reader: string, profile?: string) {
    const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    this.#child = fork(CHILD, [reader], { execArgv: [...process.execArgv, ...profiling] });
  }

  async read(question: Question): Promise<Took> {
    this.#child.send(question);
    const ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`a reader ended with ${code}`);
    });
    const [took] = await Promise.race([once(this.#child, 'message'), ended]);
    return took as Took;
  }

  async close(): Promise<void> {
    this.#child.disconnect();
    await once(this.#child, 'exit');
  }
}
