import { setMaxListeners } from 'node:events';
import { describeError } from '../../lib/runtime/errors.ts';
import { retry } from '../../lib/runtime/retry.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import { type AggregatorMetrics, aggregatorMetrics } from './metrics.ts';

/** The service's context with what all its partitions share. */
export class Environment {
  readonly context: ServiceContext;
  readonly metrics: AggregatorMetrics;
  readonly #stopping = new AbortController();
  readonly #problems = new Map<string, string>();
  readonly #said = new Set<string>();

  constructor(context: ServiceContext) {
    this.context = context;
    this.metrics = aggregatorMetrics(context.metrics);
    // Every write under way listens to it.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Why something cannot be made durable now, or null. */
  problem(): string | null {
    return [...this.#problems.values()][0] ?? null;
  }

  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Whether this is said for the first time in this process. `what` is one of few. */
  isNews(what: string): boolean {
    if (this.#said.has(what)) return false;
    this.#said.add(what);
    return true;
  }

  /** Ends all waiting: what is under way then rejects, and is done again by whoever reads the log next. */
  giveUp(): void {
    this.#stopping.abort(new Error('the aggregator is stopping'));
  }

  /** Does `task` again, with back-off, until it succeeds or the service stops: consumption waits, nothing is dropped. */
  persist<T>(what: string, task: () => Promise<T>): Promise<T> {
    return this.insist(what, `write ${what}`, task);
  }

  /** The same of what is not written; `doing` says what it is: "cannot … : trying again". */
  async insist<T>(what: string, doing: string, task: () => Promise<T>): Promise<T> {
    const result = await retry(() => this.#orGiveUp(task()), {
      signal: this.#stopping.signal,
      retryable: () => !this.stopped,
      onRetry: (error, attempt, delayMs) => {
        this.#problems.set(what, `${what}: ${describeError(error)}`);
        this.metrics.writeRetries.inc({ what });
        this.context.logger.warn(
          { attempt, delay_ms: Math.round(delayMs), err: error },
          `cannot ${doing}: trying again`,
        );
      },
    });
    this.#problems.delete(what);
    return result;
  }

  /**
   * Rejects when the service gives up, also while `work` is under way: a store that hangs must not hold up a stop. What it
   * still writes then, the next owner's rows equal or replace.
   */
  #orGiveUp<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
    });
  }
}
