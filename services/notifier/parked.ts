import { describeError } from '../../lib/runtime/errors.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import { parkedByModel } from '../../lib/tables/deliveries.ts';
import type { NotifierMetrics } from './metrics.ts';

/** How often the store is asked, ms: parked notices grow old, and other notifiers make them good. */
const REFRESH_MS = 15_000;

/**
 * Keeps the gauge of parked deliveries at what the outbox says, so that it survives restarts. Each notifier counts those
 * of its own models: the sum over notifiers is the whole.
 */
export class ParkedGauge {
  readonly #context: Pick<ServiceContext, 'store' | 'logger'>;
  readonly #metrics: NotifierMetrics;
  readonly #channels: readonly string[];
  readonly #owns: (model: string) => Promise<boolean>;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(
    context: Pick<ServiceContext, 'store' | 'logger'>,
    metrics: NotifierMetrics,
    channels: readonly string[],
    owns: (model: string) => Promise<boolean>,
  ) {
    this.#context = context;
    this.#metrics = metrics;
    this.#channels = channels;
    this.#owns = owns;
  }

  start(): void {
    this.#timer = setInterval(() => this.refresh(), REFRESH_MS);
    this.refresh();
  }

  /** Counts anew, soon; once for any number of calls meanwhile. */
  refresh(): void {
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#count()
      .catch((error: unknown) => {
        this.#context.logger.warn({ err: error }, `parked deliveries cannot be counted: ${describeError(error)}`);
      })
      .finally(() => {
        this.#running = null;
        if (this.#again && this.#timer !== null) this.refresh();
        this.#again = false;
      });
  }

  /** Resolves when nothing asks the store any more. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  async #count(): Promise<void> {
    const parked = new Map(this.#channels.map((channel) => [channel, 0]));
    for (const row of await parkedByModel(this.#context.store)) {
      if (await this.#owns(row.model)) parked.set(row.channel, (parked.get(row.channel) ?? 0) + row.parked);
    }
    for (const [channel, count] of parked) this.#metrics.parked.set({ channel }, count);
  }
}
