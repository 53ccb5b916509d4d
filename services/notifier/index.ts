import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Channel } from '../../lib/ports/channel.ts';
import type { Assignment, Batch, Consumer } from '../../lib/ports/log.ts';
import { commitIfPossible, committedOrOldest, groupOf } from '../../lib/runtime/consumer-group.ts';
import { appendDeadLetters } from '../../lib/runtime/dead-letters.ts';
import { deferred } from '../../lib/runtime/deferred.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import { retry } from '../../lib/runtime/retry.ts';
import type { Service, ServiceContext } from '../../lib/runtime/service.ts';
import { type BackoffPolicy, DEFAULT_BACKOFF } from './backoff.ts';
import { createDesk, type Desk } from './desk.ts';
import { createGate } from './gate.ts';
import { readBatch } from './intake.ts';
import { notifierMetrics } from './metrics.ts';
import { ParkedGauge } from './parked.ts';

export interface NotifierOptions {
  backoff?: Partial<BackoffPolicy>;
  /** In [0, 1): spreads retries. */
  random?: () => number;
  /** Tries once more what the channels have refused for good; without, only where the channel's account has changed since. */
  retryParked?: boolean;
  /** How long `stop` lets batches in hand wait for a store or log that stands still, ms. */
  stopGraceMs?: number;
}

/** Requests at once to one channel. */
const CHANNEL_CONCURRENCY = 8;
const STOP_GRACE_MS = 5000;

/** A partition this notifier owns. */
interface Owned {
  desk: Desk;
  abort: AbortController;
  /** Of the topic, when the partition was assigned: one that was made again comes with a new assignment. */
  incarnation: string;
}

/**
 * The notifier: alert events → incidents → notices → channels. Owns the models of its partitions of the alerts topic.
 * Delivered at least once, deduplicated by key; see README.md for the promises.
 */
export function createNotifier(
  ctx: ServiceContext,
  channels: readonly Channel[],
  options: NotifierOptions = {},
): Service {
  const { log, store, logger, clock } = ctx;
  const metrics = notifierMetrics(ctx.metrics);
  const gated = channels.map((channel) => ({ channel, gate: createGate(CHANNEL_CONCURRENCY) }));
  if (channels.length > 0 && ctx.config.publicUrl === null) {
    logger.warn(
      'notices will carry no link to the incident: set public_url to the address where people reach the page',
    );
  }
  const failure = deferred<never>();
  failure.promise.catch(() => undefined);
  const stopping = new AbortController();
  const owned = new Map<number, Owned>();
  let consumer: Consumer | null = null;
  let trouble: string | null = null;
  let stopped: Promise<void> | null = null;

  const parked = new ParkedGauge(
    ctx,
    metrics,
    channels.map((channel) => channel.name),
    async (model) => owned.has(await log.partitionOf(TOPICS.alerts, model)),
  );

  /** Tries for ever: an outage of the log or the store delays notices, it must not lose them. */
  const persist = async <T>(what: string, task: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    const onRetry = (error: unknown, attempt: number) => {
      trouble = `${what}: ${describeError(error)}`;
      if (attempt === 1 || attempt % 20 === 0) logger.warn({ err: error, attempt }, `${trouble}; trying again`);
    };
    const result = await retry(task, { signal, onRetry, random: options.random ?? Math.random });
    trouble = null;
    return result;
  };

  const openDesk = (abort: AbortController): Desk =>
    createDesk({
      store,
      channels: gated,
      clock,
      logger,
      metrics,
      backoff: { ...DEFAULT_BACKOFF, ...options.backoff },
      random: options.random ?? Math.random,
      retryParked: options.retryParked ?? false,
      isOurs: () => consumer?.certain() ?? false,
      onFinal: () => parked.refresh(),
      signal: abort.signal,
      stored: (task) => persist('the store does not answer', task, abort.signal),
      urlOf: (incident) => incidentUrl(ctx.config.publicUrl, incident),
    });

  const onAssigned = async (place: Assignment, _generation: number, committed: number | null) => {
    const { partition } = place;
    const abort = new AbortController();
    const { incarnation } = await log.describeTopic(TOPICS.alerts);
    const desk = openDesk(abort);
    owned.set(partition, { desk, abort, incarnation });
    parked.refresh();
    const owns = async (model: string) => (await log.partitionOf(TOPICS.alerts, model)) === partition;
    // Not awaited: joining must not wait for the store. Batches queue up behind it.
    persist('pending deliveries cannot be taken up', () => desk.recover(owns), abort.signal).catch((error: unknown) => {
      if (!abort.signal.aborted) failure.reject(error);
    });
    return committedOrOldest(log, place, committed);
  };

  const onRevoked = async ({ partition }: Assignment) => {
    const part = owned.get(partition);
    owned.delete(partition);
    part?.abort.abort(new Error(`partition ${partition} of ${TOPICS.alerts} was given up`));
    await part?.desk.close();
    parked.refresh();
  };

  const onBatch = async (batch: Batch) => {
    const part = owned.get(batch.partition);
    if (!part) return;
    const { news, letters } = readBatch(ctx.codec, batch, part.incarnation);
    if (letters.length > 0) {
      metrics.rejected.inc(letters.length);
      logger.error(
        { partition: batch.partition, offset: letters[0]?.offset },
        `${letters.length} unreadable alert records: ${letters[0]?.message}`,
      );
      const append = () => appendDeadLetters(log, ctx.codec, letters);
      await persist('dead letters cannot be written', append, part.abort.signal);
    }
    await part.desk.handle(news);
    await commitIfPossible(consumer, batch, logger);
  };

  const start = async () => {
    if (channels.length === 0)
      logger.warn('no notification channel is configured: incidents are recorded, but nobody is paged');
    const handlers = { onAssigned, onRevoked, onBatch };
    consumer = await log.consume({ group: groupOf(ctx.config, 'notifier'), topics: [TOPICS.alerts], handlers });
    consumer.failed.catch((error: unknown) => {
      if (!stopping.signal.aborted) failure.reject(error);
    });
    parked.start();
  };

  /** Batches in hand are finished, unless the store or the log stands still; what is unsent waits in the outbox. */
  const stop = async () => {
    stopping.abort();
    const abortAll = () => {
      for (const { abort } of owned.values()) abort.abort(new Error('the notifier stops'));
    };
    const patience = setTimeout(abortAll, options.stopGraceMs ?? STOP_GRACE_MS);
    await consumer?.close();
    clearTimeout(patience);
    abortAll();
    await Promise.all([...owned.values()].map(({ desk }) => desk.close()));
    await parked.stop();
    owned.clear();
  };

  return {
    name: 'notifier',
    start,
    stop: () => (stopped ??= stop()),
    failed: failure.promise,
    notReady() {
      if (consumer === null) return 'not started';
      if (!consumer.joined()) return `has not joined its consumer group on ${TOPICS.alerts} yet`;
      return consumer.unhealthy() ?? trouble;
    },
  };
}

function incidentUrl(publicUrl: string | null, incident: string): string | null {
  const known = publicUrl !== null && /^https?:\/\//.test(publicUrl) && URL.canParse(publicUrl);
  return known ? `${publicUrl.replace(/\/+$/, '')}/incidents/${encodeURIComponent(incident)}` : null;
}
