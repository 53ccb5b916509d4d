import { setMaxListeners } from 'node:events';
import type { AlertEvent } from '../../lib/core/alerts/types.ts';
import type { AnnouncementMessage, WindowsMessage } from '../../lib/core/messages/types.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Assignment, Batch, Consumer } from '../../lib/ports/log.ts';
import { commitIfPossible, committedOrOldest, groupOf } from '../../lib/runtime/consumer-group.ts';
import { deferred } from '../../lib/runtime/deferred.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import type { Service, ServiceContext } from '../../lib/runtime/service.ts';
import { createSlots } from '../../lib/runtime/slots.ts';
import { knownModels } from '../../lib/tables/ledger.ts';
import { BaselineCache } from './baselines.ts';
import { gatheringInserts } from './gathered-inserts.ts';
import { InputProgress } from './input-progress.ts';
import { LedgerReader } from './ledger-reader.ts';
import { detectorMetrics } from './metrics.ts';
import { BATCH_ROWS, ModelDesk } from './model-desk.ts';
import { PeriodDesk } from './period-desk.ts';
import { type Persistence, persistently, persistentStore, type Trouble } from './persistence.ts';
import { publishAlerts } from './publish-alerts.ts';

/** Ledger rows in work at once, of all models: each model holds a batch of sketches. */
const ROWS_AT_ONCE = 12_000;
/** Models whose hours and days are made at once: beside all else, not in its way. */
const ROLLED_UP_AT_ONCE = 1;
/** How often the input topic is described again, ms: added partitions, a new incarnation. */
const DESCRIBE_MS = 10_000;

/** A partition of the windows topic this detector owns, with the models whose key goes there. */
interface Owned {
  abort: AbortController;
  /** As this partition tells it: its announcements of windows come before the progress that completes them. */
  progress: InputProgress;
  desks: Map<string, ModelDesk>;
  /** Of the same models. */
  periods: Map<string, PeriodDesk>;
}

/**
 * The detector: complete windows → sealed rows → scores → alert events. Owns the models whose partition of the windows
 * topic is assigned to it; see README.md for what it promises.
 */
export function createDetector(ctx: ServiceContext): Service {
  const { config, log, codec, clock, logger } = ctx;
  const store = gatheringInserts(ctx.store);
  const metrics = detectorMetrics(ctx.metrics);
  const baselines = new BaselineCache(store, clock);
  const ledger = new LedgerReader(store, BATCH_ROWS);
  const inSlot = createSlots(ROWS_AT_ONCE);
  const inPeriodSlot = createSlots(ROLLED_UP_AT_ONCE);
  const trouble: Trouble = { current: null };
  const owned = new Map<number, Owned>();
  const failure = deferred<never>();
  failure.promise.catch(() => undefined);
  let consumer: Consumer | null = null;
  let describing: NodeJS.Timeout | null = null;
  let stopping: Promise<void> | null = null;

  const until = (signal: AbortSignal): Persistence => ({ logger, trouble, signal });

  const openPeriods = (model: string, { progress, abort: { signal } }: Owned): PeriodDesk =>
    new PeriodDesk({
      model,
      store: persistentStore(store, until(signal)),
      allowedDelayMs: config.aggregation.allowedDelayMs,
      passed: () => progress.passed(),
      inSlot: inPeriodSlot,
      logger,
      metrics,
      signal,
    });

  const openDesk = (model: string, { progress, abort: { signal } }: Owned, periods: PeriodDesk): ModelDesk => {
    const publish = async (events: readonly AlertEvent[]): Promise<void> => {
      if (events.length === 0) return;
      const shortened = await persistently('log', () => publishAlerts(log, codec, events), until(signal));
      for (const line of shortened) logger.warn({ model }, line);
    };
    return new ModelDesk({
      model,
      monitors: config.monitors.filter((monitor) => monitor.model === model),
      store: persistentStore(store, until(signal)),
      publish,
      baselines,
      readWindows: (starts, rows) => persistently('store', () => ledger.read(model, starts, rows), until(signal)),
      usualRows: () => ledger.rowsPerStart,
      rollUp: (windows) => periods.mark(windows),
      allowedDelayMs: config.aggregation.allowedDelayMs,
      passed: () => progress.passed(),
      inSlot,
      clock,
      logger,
      metrics,
      signal,
    });
  };

  const countModels = (): void => {
    metrics.models.set([...owned.values()].reduce((sum, part) => sum + part.desks.size, 0));
  };

  const deskOf = (part: Owned, model: string): ModelDesk => {
    const known = part.desks.get(model);
    if (known !== undefined) return known;
    const periods = openPeriods(model, part);
    const desk = openDesk(model, part, periods);
    part.periods.set(model, periods);
    part.desks.set(model, desk);
    periods.wake();
    countModels();
    return desk;
  };

  const wake = (part: Owned): void => {
    const passed = Math.min(...[...owned.values()].map(({ progress }) => progress.passed()));
    if (Number.isFinite(passed)) metrics.passed.set(passed / 1_000);
    for (const desk of [...part.desks.values(), ...part.periods.values()]) desk.wake();
  };

  /** A failure is tried again by the timer, and by the next announcement that needs it. */
  const refresh = async (part: Owned): Promise<void> => {
    try {
      await part.progress.refresh();
      wake(part);
    } catch (error) {
      if (part.abort.signal.aborted) return;
      logger.warn({ err: error }, `cannot describe ${TOPICS.predictions}: ${describeError(error)}`);
    }
  };

  const refreshAll = (): void => {
    for (const part of owned.values()) void refresh(part);
  };

  /** Opens the desks of every model of the partition that has ever been seen: what is pending is found by them. */
  const recover = async (partition: number, part: Owned): Promise<void> => {
    // First how far the input has come, then the windows: in this order none is complete without being known.
    await refresh(part);
    const { signal } = part.abort;
    const known = await knownModels(persistentStore(store, until(signal)));
    for (const model of new Set([...known, ...config.models.map((declared) => declared.name)])) {
      const place = await persistently('log', () => log.partitionOf(TOPICS.windows, model), until(signal));
      const isOwn = place === partition;
      if (signal.aborted) return;
      if (isOwn) deskOf(part, model).open();
    }
  };

  const onAssigned = async (place: Assignment, _generation: number, committed: number | null) => {
    const { partition } = place;
    const abort = new AbortController();
    // Every model listens while it waits for the store.
    setMaxListeners(0, abort.signal);
    const tried = persistentStore(store, until(abort.signal));
    const part: Owned = {
      abort,
      progress: new InputProgress(log, tried, TOPICS.predictions),
      desks: new Map(),
      periods: new Map(),
    };
    owned.set(partition, part);
    // Not awaited: joining the group must not wait for the store.
    recover(partition, part).catch((error: unknown) => {
      if (!part.abort.signal.aborted) failure.reject(error);
    });
    // Announcements are hints, all they tell is in the store: where the log no longer has the offset, its beginning will do.
    return committedOrOldest(log, place, committed);
  };

  const release = async (part: Owned, why: string): Promise<void> => {
    part.abort.abort(new Error(why));
    countModels();
    await settled(part);
  };

  const onRevoked = async ({ partition }: Assignment) => {
    const part = owned.get(partition);
    owned.delete(partition);
    if (part !== undefined) await release(part, `partition ${partition} of ${TOPICS.windows} was given up`);
  };

  const onBatch = async (batch: Batch) => {
    const part = owned.get(batch.partition);
    if (part === undefined) return;
    let advanced = false;
    for (const record of batch.records) {
      const message = record.value === null ? null : decode(record.value, batch.partition, record.offset);
      if (message?.kind === 'windows') deskOf(part, message.model).mark(refsOf(message));
      else if (message?.kind === 'progress') {
        if (!part.progress.observe(message)) void refresh(part);
        advanced = true;
      }
    }
    if (advanced) wake(part);
    // Before the work that the messages cause is done: whatever is pending when this process dies is found again in the
    // store (pendingWindows, manifests), so no message has to be read twice.
    await commitIfPossible(consumer, batch, logger);
  };

  const decode = (value: Buffer, partition: number, offset: number): AnnouncementMessage | null => {
    try {
      return codec.decodeAnnouncement(value);
    } catch (error) {
      const place = `${TOPICS.windows}/${partition} at offset ${offset}`;
      logger.error({ err: error }, `unreadable announcement in ${place}, left out: ${describeError(error)}`);
      return null;
    }
  };

  const start = async (): Promise<void> => {
    const { partitions } = config.log;
    await log.ensureTopics([TOPICS.predictions, TOPICS.windows, TOPICS.alerts].map((name) => ({ name, partitions })));
    describing = setInterval(refreshAll, DESCRIBE_MS);
    const handlers = { onAssigned, onRevoked, onBatch };
    consumer = await log.consume({ group: groupOf(config, 'detector'), topics: [TOPICS.windows], handlers });
    consumer.failed.catch((error: unknown) => {
      if (stopping === null) failure.reject(error);
    });
  };

  const stop = async (): Promise<void> => {
    if (describing !== null) clearInterval(describing);
    const parts = [...owned.values()];
    for (const part of parts) part.abort.abort(new Error('the detector stops'));
    await consumer?.close();
    await Promise.all(parts.map(settled));
    owned.clear();
  };

  return {
    name: 'detector',
    start,
    stop: () => (stopping ??= stop()),
    failed: failure.promise,
    notReady() {
      if (consumer === null) return 'not started';
      if (!consumer.joined()) return `has not joined its consumer group on ${TOPICS.windows} yet`;
      return consumer.unhealthy() ?? trouble.current;
    },
  };
}

async function settled({ desks, periods }: Owned): Promise<void> {
  await Promise.all([...desks.values(), ...periods.values()].map((desk) => desk.settled()));
}

function refsOf({ windows }: WindowsMessage): { version: string; role: string; start: number; end: number }[] {
  return windows.map(({ version, role, start, end }) => ({ version, role, start, end }));
}
