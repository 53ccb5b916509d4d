import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer } from './engine-child.ts';

const CHILD = fileURLToPath(new URL('./engine-child.ts', import.meta.url));

/** The ClickHouse engine of a process of its own, which works on one thread but for merges. One caller at a time. */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #ready: Promise<unknown>;
  readonly #ended: Promise<never>;

  /** `dir`: of its data; created when missing. */
  constructor(dir: string) {
    this.#child = fork(CHILD, [dir]);
    this.#ready = once(this.#child, 'message');
    this.#ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`the engine's process ended with ${code}`);
    });
    this.#ended.catch(() => undefined);
  }

  /** Runs the statements in order; what all of them took, and the rows of the last. Rejects with what the engine refused. */
  async run(...statements: string[]): Promise<Answer> {
    await Promise.race([this.#ready, this.#ended]);
    this.#child.send(statements);
    const [answer] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [Answer | { error: string }];
    if ('error' in answer)
      throw new Error(`the engine refused ${statements.join('; ').slice(0, 300)}: ${answer.error}`);
    return answer;
  }

  async close(): Promise<void> {
    this.#child.disconnect();
    await this.#ended.catch(() => undefined);
  }
}
