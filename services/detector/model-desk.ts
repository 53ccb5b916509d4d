import type { AlertEvent } from '../../lib/core/alerts/types.ts';
import { evaluateWindow } from '../../lib/core/detection/evaluate.ts';
import type { ReadyMonitor, Score } from '../../lib/core/detection/types.ts';
import { judgeWindow } from '../../lib/core/detection/verdict.ts';
import type { Monitor } from '../../lib/core/monitors/types.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import type { Store } from '../../lib/ports/store.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import { insertAlertEvents, lastWrittenOfModel, liveAlertsOfModel } from '../../lib/tables/alerts.ts';
import { pendingWindows, type WindowRef } from '../../lib/tables/ledger.ts';
import { insertScores } from '../../lib/tables/scores.ts';
import { insertSealed } from '../../lib/tables/sealed.ts';
import { AlertKeeper, BATCH_WINDOWS } from './alert-keeper.ts';
import { type BaselineCache, MISSING_RETRY_MS } from './baselines.ts';
import { type DirtyWindow, DirtyWindows, windowKey } from './dirty-windows.ts';
import { explainEvents } from './explanations.ts';
import type { DetectorMetrics } from './metrics.ts';
import type { LedgerRead, MergedWindow } from './seal.ts';

/** Messages come in bursts (every partition flushes at about the same time): this long they are gathered, ms. */
const COALESCE_MS = 30;
/** A torn read is repeated after this, ms: a flush takes about as long. */
const TORN_RETRY_MS = 150;
/** After an error nobody foresaw the model is loaded afresh, this much later, ms. */
const FAILURE_RETRY_MS = 5_000;
/** Alert revisions written this recently are published again on assignment: the writer may have died in between, ms. */
const REPUBLISH_MS = 60 * 60 * 1_000;
/** Every revision, not only the latest, that was written so shortly before the last one: its batch may be unpublished, ms. */
const UNPUBLISHED_MS = 10_000;
/** Ledger rows to read in one batch, about. */
export const BATCH_ROWS = 3_000;

export interface DeskOptions {
  model: string;
  monitors: readonly Monitor[];
  /** Retries by itself; rejects only when `signal` aborts. */
  store: Store;
  publish(events: readonly AlertEvent[]): Promise<void>;
  baselines: BaselineCache;
  /** Of the ledger, at about so many rows; tried until it succeeds or `signal` aborts. */
  readWindows(starts: readonly number[], rows: number): Promise<LedgerRead>;
  /** Ledger rows of one start to expect of a model not read yet. */
  usualRows(): number;
  allowedDelayMs: number;
  /** Is told of windows whose sealed rows or scores are new: their hours and days are to be made again. */
  rollUp(windows: readonly MergedWindow[]): void;
  /** Time every input partition has passed, ms. */
  passed(): number;
  /** Bounds how many ledger rows are in work at once. */
  inSlot<T>(task: () => Promise<T>, rows: number): Promise<T>;
  clock: Clock;
  logger: ServiceContext['logger'];
  metrics: DetectorMetrics;
  signal: AbortSignal;
}

/**
 * One owned model: seals, scores and alerts its complete windows, one batch at a time. Nothing here has to survive: it
 * begins by loading what the store says, so that a new owner finds the same work.
 */
export class ModelDesk {
  private readonly options: DeskOptions;
  private readonly dirty = new DirtyWindows();
  /** Windows sealed but not scored by every monitor. */
  private unscored = new Set<string>();
  private keeper: AlertKeeper | null = null;
  /** How many monitors had their baseline when the pending windows were last looked up. */
  private readyMonitors = 0;
  private batchStarts = 16;
  /** Ledger rows of one start, as the last batch had them; null before the first. */
  private rowsPerStart: number | null = null;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private again = false;

  constructor(options: DeskOptions) {
    this.options = options;
    options.signal.addEventListener('abort', () => clearTimeout(this.timer ?? undefined), { once: true });
  }

  /** New ledger rows of these windows are durable. */
  mark(windows: readonly WindowRef[]): void {
    this.dirty.add(windows);
    this.wake();
  }

  /** Looks whether there is work, soon. */
  wake(): void {
    const { allowedDelayMs, passed, clock } = this.options;
    if (this.keeper !== null && !this.dirty.due(allowedDelayMs, passed(), clock.now())) return;
    this.schedule(COALESCE_MS);
  }

  /** Loads and works off what is pending, without waiting for a message. */
  open(): void {
    this.schedule(0);
  }

  /** Resolves when nothing is running any more. */
  async settled(): Promise<void> {
    await this.running;
  }

  private schedule(delayMs: number): void {
    if (this.options.signal.aborted) return;
    if (this.running !== null) {
      this.again = true;
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.running = this.run().finally(() => {
        this.running = null;
        this.planNext();
      });
    }, delayMs);
  }

  private planNext(): void {
    const { allowedDelayMs, passed, clock, signal } = this.options;
    if (signal.aborted) return;
    if (this.keeper === null) this.schedule(FAILURE_RETRY_MS);
    else if (this.again) this.schedule(COALESCE_MS);
    else {
      const due = this.dirty.nextDue(allowedDelayMs, passed());
      if (due !== null) this.schedule(Math.max(COALESCE_MS, due - clock.now()));
      else if (this.readyMonitors < this.options.monitors.length) this.schedule(MISSING_RETRY_MS);
    }
    this.again = false;
  }

  private async run(): Promise<void> {
    const { inSlot, signal, logger, model } = this.options;
    try {
      const noticedAt = this.options.clock.now();
      const monitors = await inSlot(() => this.prepare(), BATCH_ROWS);
      const batch = () => this.workOff(monitors, noticedAt);
      while (!signal.aborted && (await inSlot(batch, this.expectedRows())));
    } catch (error) {
      if (signal.aborted) return;
      this.keeper = null;
      logger.error({ err: error, model }, `model ${model}: ${describeError(error)}; loading it afresh`);
    }
  }

  /** Loads the model the first time, and looks for pending windows whenever more monitors can test. */
  private async prepare(): Promise<ReadyMonitor[]> {
    const { model, monitors, store, baselines, logger } = this.options;
    const ready = await baselines.ready(monitors);
    const first = this.keeper === null;
    if (!first && ready.length === this.readyMonitors) return ready;
    const keeper = this.keeper ?? new AlertKeeper(store, model, monitors);
    if (first) await this.takeOver(keeper, ready);
    const pending = await pendingWindows(
      store,
      model,
      ready.map(({ monitor }) => monitor.name),
    );
    this.dirty.add(pending);
    this.unscored = new Set(pending.filter((window) => window.unscored === 1).map(windowKey));
    this.keeper = keeper;
    this.readyMonitors = ready.length;
    const missing = monitors.filter((monitor) => !ready.some((other) => other.monitor === monitor));
    for (const { name, baseline } of missing) {
      logger.warn({ model, monitor: name }, `monitor ${name}: baseline ${baseline} of ${model} is not registered yet`);
    }
    return ready;
  }

  /** Says again what the last owner may have written but not published, then what it left undecided. */
  private async takeOver(keeper: AlertKeeper, monitors: readonly ReadyMonitor[]): Promise<void> {
    const { model, store, clock, publish } = this.options;
    await publish(await lastWrittenOfModel(store, model, UNPUBLISHED_MS));
    await publish(await liveAlertsOfModel(store, model, clock.now() - REPUBLISH_MS));
    await this.announce(keeper, await keeper.load(), [], monitors);
  }

  /** Of the next batch. */
  private expectedRows(): number {
    const { allowedDelayMs, passed, clock } = this.options;
    const due = this.dirty.dueStarts(allowedDelayMs, passed(), clock.now());
    return Math.min(BATCH_ROWS, this.rowsOfStarts(Math.min(due, this.batchStarts)));
  }

  private rowsOfStarts(starts: number): number {
    return starts * (this.rowsPerStart ?? this.options.usualRows());
  }

  /** One batch; false when nothing is due. */
  private async workOff(monitors: readonly ReadyMonitor[], noticedAt: number): Promise<boolean> {
    const { readWindows, allowedDelayMs, passed, clock } = this.options;
    const taken = this.dirty.take(this.batchStarts, allowedDelayMs, passed(), clock.now());
    if (taken.length === 0) return false;
    const starts = [...new Set(taken.map((window) => window.start))];
    const read = await readWindows(starts, this.rowsOfStarts(starts.length));
    this.rowsPerStart = Math.max(1, read.rows / starts.length);
    this.batchStarts = nextBatch(this.rowsPerStart);
    const kept = this.holdBack(taken, read.torn);
    const wanted = new Set(kept.map(windowKey));
    const windows = read.windows.filter((merged) => wanted.has(keyOf(merged)));
    await this.seal(windows, read);
    await this.score(windows, read, monitors, noticedAt);
    return true;
  }

  /** Puts torn windows back, and later ones with them; returns what may be judged now. */
  private holdBack(taken: readonly DirtyWindow[], torn: readonly number[]): readonly DirtyWindow[] {
    if (torn.length === 0) return taken;
    const { clock, metrics } = this.options;
    metrics.torn.inc();
    const first = Math.min(...torn);
    const tornWindows = taken.filter((window) => torn.includes(window.start));
    this.dirty.addTorn(tornWindows, clock.now(), clock.now() + TORN_RETRY_MS);
    this.dirty.add(taken.filter((window) => window.start > first && !torn.includes(window.start)));
    // Fewer windows are read faster, and more likely between two flushes.
    this.batchStarts = Math.max(1, Math.floor(this.batchStarts / 2));
    return taken.filter((window) => window.start < first);
  }

  private async seal(windows: readonly MergedWindow[], { gridOf }: LedgerRead): Promise<void> {
    const fresh = windows.filter((merged) => merged.against === 'new');
    await insertSealed(this.options.store, fresh, gridOf);
    this.options.rollUp(fresh);
    for (const { sealed } of fresh) this.options.metrics.sealed.inc({ state: sealed.state });
  }

  private async score(
    windows: readonly MergedWindow[],
    { gridOf }: LedgerRead,
    monitors: readonly ReadyMonitor[],
    noticedAt: number,
  ): Promise<void> {
    const { store, metrics, clock } = this.options;
    const due = windows.filter(
      (merged) => merged.against === 'new' || (merged.against === 'sealed' && this.unscored.has(keyOf(merged))),
    );
    const scores: Score[] = due.flatMap(({ window, sealed }) =>
      judgeWindow(evaluateWindow(window, monitors, gridOf), window, sealed),
    );
    if (scores.length === 0) return;
    const timezones = new Map(due.map((merged) => [keyOf(merged), merged.timezone]));
    await insertScores(
      store,
      scores,
      ({ version, role, window }) => timezones.get(windowKey({ version, role, ...window }))!,
    );
    this.options.rollUp(due);
    metrics.scores.inc(scores.length);
    const events = await this.keeper!.act(scores);
    await this.announce(this.keeper!, events, due, monitors);
    for (const merged of due) this.unscored.delete(keyOf(merged));
    if (events.length > 0) metrics.latency.observe((clock.now() - noticedAt) / 1_000);
  }

  /** The outbox row is written before the event is published: a crash in between is mended by publishing again. */
  private async announce(
    keeper: AlertKeeper,
    events: readonly AlertEvent[],
    windows: readonly MergedWindow[],
    monitors: readonly ReadyMonitor[],
  ): Promise<void> {
    if (events.length === 0) return;
    const { store, publish, metrics } = this.options;
    const sealed = windows.map((merged) => merged.window);
    const explained = await explainEvents(store, events, sealed, monitors);
    keeper.complete(explained);
    await insertAlertEvents(store, explained);
    await publish(explained);
    for (const { state } of explained) metrics.alerts.inc({ state });
  }
}

function keyOf({ window: { version, role, window } }: MergedWindow): string {
  return windowKey({ version, role, start: window.start, end: window.end });
}

/** Starts for the next batch, so that it reads about BATCH_ROWS. */
function nextBatch(rowsPerStart: number): number {
  return Math.min(BATCH_WINDOWS, Math.max(1, Math.floor(BATCH_ROWS / rowsPerStart)));
}
