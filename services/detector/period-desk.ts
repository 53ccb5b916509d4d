import { isComplete } from '../../lib/core/detection/watermark.ts';
import { periodOf, type Resolution } from '../../lib/core/windows/periods.ts';
import type { Store } from '../../lib/ports/store.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import type { WindowRef } from '../../lib/tables/ledger.ts';
import { pendingPeriods } from '../../lib/tables/rollups.ts';
import { pendingScorePeriods } from '../../lib/tables/score-rollups.ts';
import type { DetectorMetrics } from './metrics.ts';
import { rollUp } from './roll-up.ts';

/** What was sealed is gathered this long, ms: the last windows of an hour and its scores come at about the same time. */
const GATHER_MS = 1_000;
/** After an error nobody foresaw what is pending is looked up again, this much later, ms. */
const FAILURE_RETRY_MS = 5_000;

export interface PeriodDeskOptions {
  model: string;
  /** Retries by itself; rejects only when `signal` aborts. */
  store: Store;
  allowedDelayMs: number;
  /** Time every input partition has passed, ms. */
  passed(): number;
  /** Bounds how many models are rolled up at once. */
  inSlot<T>(task: () => Promise<T>): Promise<T>;
  logger: ServiceContext['logger'];
  metrics: DetectorMetrics;
  signal: AbortSignal;
}

/** A window that was sealed or scored, with the time zone that says which hour and day it belongs to. */
export interface RolledWindow {
  window: { version: string; role: string; window: { start: number; end: number } };
  timezone: string;
}

interface Pending extends WindowRef {
  resolution: Resolution;
}

/**
 * Rolls the sealed windows of one owned model up to hours and days, once these are complete, and again when late data
 * revised them. Beside sealing and alerts, never in their way. Nothing here has to survive: what is pending is what the
 * store's rows say.
 */
export class PeriodDesk {
  private readonly options: PeriodDeskOptions;
  private readonly pending = new Map<string, Pending>();
  private loaded = false;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;

  constructor(options: PeriodDeskOptions) {
    this.options = options;
    options.signal.addEventListener('abort', () => clearTimeout(this.timer ?? undefined), { once: true });
  }

  /** Sealed rows or scores of these windows are new. */
  mark(windows: readonly RolledWindow[]): void {
    for (const { window, timezone } of windows) {
      const { version, role } = window;
      for (const resolution of ['hour', 'day'] as const) {
        const period = periodOf(window.window, resolution, timezone);
        if (period !== null) this.add({ version, role, ...period, resolution });
      }
    }
    this.wake();
  }

  /** Looks whether something is due, soon. */
  wake(): void {
    if (!this.loaded || this.due() !== null) this.schedule(GATHER_MS);
  }

  /** Resolves when nothing is running any more. */
  async settled(): Promise<void> {
    await this.running;
  }

  private add(period: Pending): void {
    const { resolution, version, role, start, end } = period;
    this.pending.set(JSON.stringify([resolution, version, role, start, end]), period);
  }

  private schedule(delayMs: number): void {
    if (this.options.signal.aborted || this.running !== null) return;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.running = this.run().finally(() => {
        this.running = null;
        if (!this.loaded) this.schedule(FAILURE_RETRY_MS);
        else this.wake();
      });
    }, delayMs);
  }

  private async run(): Promise<void> {
    const { inSlot, model, logger, signal } = this.options;
    try {
      await inSlot(async () => {
        if (!this.loaded) await this.load();
        for (let next = this.due(); next !== null && !signal.aborted; next = this.due()) await this.work(next);
      });
    } catch (error) {
      if (signal.aborted) return;
      this.loaded = false;
      logger.error({ err: error, model }, `hours and days of model ${model}: ${describeError(error)}; looking again`);
    }
  }

  private async load(): Promise<void> {
    const { store, model } = this.options;
    for (const resolution of ['hour', 'day'] as const) {
      const found = [
        ...(await pendingPeriods(store, model, resolution)),
        ...(await pendingScorePeriods(store, model, resolution)),
      ];
      for (const { version, role, start, end } of found) this.add({ version, role, start, end, resolution });
    }
    this.loaded = true;
  }

  private async work([key, period]: [string, Pending]): Promise<void> {
    const { store, model, metrics, signal } = this.options;
    // First, so that what is marked while it is made is made again.
    this.pending.delete(key);
    const day = await rollUp(store, model, period.resolution, period, signal);
    if (day !== null) this.add({ version: period.version, role: period.role, ...day, resolution: 'day' });
    metrics.rolledUp.inc({ resolution: period.resolution });
  }

  /** The next complete period: hours before days, then the earliest. */
  private due(): [string, Pending] | null {
    const { allowedDelayMs, passed } = this.options;
    const until = passed();
    let first: [string, Pending] | null = null;
    for (const entry of this.pending) {
      if (isComplete(entry[1].end, allowedDelayMs, until) && (first === null || isBefore(entry[1], first[1])))
        first = entry;
    }
    return first;
  }
}

function isBefore(a: Pending, b: Pending): boolean {
  if (a.resolution !== b.resolution) return a.resolution === 'hour';
  return a.start < b.start;
}
