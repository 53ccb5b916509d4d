import { setTimeout as sleep } from 'node:timers/promises';
import type { NoticeState } from '../../lib/core/alerts/notify.ts';
import type { NoticeAction } from '../../lib/core/alerts/types.ts';
import type { Channel, DeliveryOutcome } from '../../lib/ports/channel.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import type { Delivery } from '../../lib/tables/deliveries.ts';
import { type BackoffPolicy, nextWait } from './backoff.ts';
import type { Gate } from './gate.ts';
import { acceptedAccount, deservesAnotherTry, stateOf } from './history.ts';
import type { NotifierMetrics } from './metrics.ts';

/** Between looks whether the consumer group still counts on us. */
const UNCERTAIN_MS = 100;

export interface LaneDeps {
  channel: Channel;
  gate: Gate;
  /** Makes the state of deliveries durable; tries until it is, or until the signal aborts. */
  record(deliveries: readonly Delivery[]): Promise<void>;
  /** Whether no other notifier can have been given this incident without our knowing. */
  isOurs(): boolean;
  clock: Clock;
  logger: ServiceContext['logger'];
  metrics: NotifierMetrics;
  backoff: BackoffPolicy;
  /** Whether what this account has refused for good is tried once more. */
  retryParked: boolean;
  /** In [0, 1). */
  random: () => number;
  signal: AbortSignal;
}

export interface QueuedDelivery {
  delivery: Delivery;
  /** When the alert behind it was published, ms; null after a restart. */
  raisedAt: number | null;
}

/** The notices of one incident through one channel, in order. */
export interface Lane {
  /** What the channel has been asked to say so far; what was refused, but deserves another try, was not said. */
  state(): NoticeState | null;
  /** Deliveries of this version and action so far: one that is tried anew needs another id. */
  tries(version: number, action: NoticeAction): number;
  /** Takes deliveries whose outbox rows are durable. */
  enqueue(deliveries: readonly QueuedDelivery[]): void;
  /** Deliveries still to be made. */
  pending(): number;
  /** Lets go of what is not sent, it stays in the outbox; resolves after the running attempt. Call after aborting the signal. */
  close(): Promise<void>;
}

/**
 * A lane sends one notice at a time, so a resolve follows its trigger's acceptance. Of several waiting triggers only the
 * newest is sent, as it tells all that the older ones do; they count as sent once it is. Retryable failures are tried
 * for ever; a parked notice is final.
 */
export function createLane(deps: LaneDeps, history: readonly Delivery[]): Lane {
  const deliveries = [...history];
  const unsaid = new Set(
    history.filter((delivery) => deservesAnotherTry(delivery, deps.channel.account, deps.retryParked)),
  );
  const queue: QueuedDelivery[] = [];
  let running = Promise.resolve();
  let idle = true;
  const retry = { failures: 0, notBefore: 0 };

  const pump = async (): Promise<void> => {
    while (queue.length > 0 && !deps.signal.aborted) {
      const wait = Math.max(retry.notBefore, deps.gate.notBefore()) - deps.clock.now();
      if (wait > 0) await sleep(wait, undefined, { signal: deps.signal });
      // After a pause another one may have said more already: a trigger behind its resolve would open the incident again.
      else if (!deps.isOurs()) await sleep(UNCERTAIN_MS, undefined, { signal: deps.signal });
      // Recorded outside the gate: writing must not keep another incident's page waiting.
      else await deps.record(await deps.gate.run(() => step(deps, { deliveries, unsaid, queue, retry })));
    }
  };
  const start = () => {
    if (!idle || queue.length === 0) return;
    idle = false;
    running = pump()
      .catch((error: unknown) => {
        if (!deps.signal.aborted) deps.logger.error({ err: error }, `delivery stopped: ${describeError(error)}`);
      })
      .finally(() => {
        idle = true;
      });
  };
  const enqueue = (added: readonly QueuedDelivery[]) => {
    queue.push(...added);
    deps.metrics.pending.inc({ channel: deps.channel.name }, added.length);
    start();
  };
  const unsent = deliveries.filter((delivery) => delivery.state === 'pending');
  retry.failures = Math.max(0, ...unsent.map((delivery) => delivery.attempt));
  retry.notBefore = Math.max(0, ...unsent.map((delivery) => delivery.nextAttemptAt));
  enqueue(unsent.map((delivery) => ({ delivery, raisedAt: null })));
  return {
    state: () => stateOf(deliveries.filter((delivery) => !unsaid.has(delivery))),
    tries: (version, action) =>
      deliveries.filter(({ content }) => content.version === version && content.notice.action === action).length,
    enqueue(added) {
      deliveries.push(...added.map(({ delivery }) => delivery));
      enqueue(added);
    },
    pending: () => queue.length,
    async close() {
      await running;
      deps.metrics.pending.dec({ channel: deps.channel.name }, queue.length);
      queue.length = 0;
    },
  };
}

interface Progress {
  /** All of them, in order. */
  deliveries: readonly Delivery[];
  /** Those refused that another notice is to make good. */
  unsaid: Set<Delivery>;
  queue: QueuedDelivery[];
  retry: { failures: number; notBefore: number };
}

/** One attempt, and the removal of what is done from the queue. Resolves to the deliveries it changed. */
async function step(deps: LaneDeps, { deliveries, unsaid, queue, retry }: Progress): Promise<Delivery[]> {
  if (deps.signal.aborted || !deps.isOurs() || deps.gate.notBefore() > deps.clock.now()) return [];
  const triggers = leadingTriggers(queue);
  const current = triggers.at(-1) ?? queue[0];
  if (!current) return [];
  const outcome = await attempt(deps, deliveries, current);
  retry.failures = outcome.kind === 'retry' ? retry.failures + 1 : 0;
  apply(deps, current.delivery, outcome, retry);
  const waiting = triggers.slice(0, -1).map(({ delivery }) => delivery);
  const superseded = current.delivery.state === 'sent' ? [...waiting, ...madeGood(unsaid, current.delivery)] : [];
  for (const older of superseded) {
    older.state = 'sent';
    // A resolve has to go the way of the notice that was accepted.
    older.content.account = deps.channel.account;
    older.reason = `told by the newer notice ${current.delivery.noticeId}`;
  }
  const left = queue.filter(({ delivery }) => delivery.state === 'pending');
  deps.metrics.pending.dec({ channel: deps.channel.name }, queue.length - left.length);
  queue.splice(0, queue.length, ...left);
  return [...superseded, current.delivery];
}

/** Takes out the refused notices that an accepted one says, too. */
function madeGood(unsaid: Set<Delivery>, { content }: Delivery): Delivery[] {
  const told = [...unsaid].filter((delivery) => delivery.content.notice.action === content.notice.action);
  for (const delivery of told) unsaid.delete(delivery);
  return told;
}

function leadingTriggers(queue: readonly QueuedDelivery[]): QueuedDelivery[] {
  const end = queue.findIndex(({ delivery }) => delivery.content.notice.action !== 'trigger');
  return queue.slice(0, end === -1 ? queue.length : end);
}

async function attempt(
  deps: LaneDeps,
  history: readonly Delivery[],
  { delivery, raisedAt }: QueuedDelivery,
): Promise<DeliveryOutcome> {
  const { channel, metrics, clock } = deps;
  const refusal = refuseResolve(history, delivery, channel.account);
  if (refusal !== null) return { kind: 'park', status: null, reason: refusal };
  if (raisedAt !== null && delivery.attempt === 0) {
    metrics.latency.observe({ channel: channel.name }, Math.max(0, clock.now() - raisedAt) / 1000);
  }
  try {
    return await channel.deliver(delivery.content.notice);
  } catch (error) {
    return { kind: 'retry', status: null, reason: `the channel failed: ${describeError(error)}`, afterMs: null };
  }
}

/** Why a resolve would reach nothing, or null. PagerDuty drops one that comes through another routing key than its trigger. */
function refuseResolve(history: readonly Delivery[], delivery: Delivery, account: string): string | null {
  if (delivery.content.notice.action !== 'resolve') return null;
  const triggered = acceptedAccount(history);
  if (triggered === null) return 'no trigger of this incident was accepted, so there is nothing to resolve';
  if (triggered === account) return null;
  return `the trigger went through another account (${triggered}, now ${account}), which would ignore it: resolve it there by hand`;
}

function apply(
  deps: LaneDeps,
  delivery: Delivery,
  outcome: DeliveryOutcome,
  retry: { failures: number; notBefore: number },
): void {
  const { channel, logger, metrics } = deps;
  const { action } = delivery.content.notice;
  metrics.attempts.inc({ channel: channel.name, action, outcome: outcome.kind });
  delivery.attempt += 1;
  delivery.status = outcome.status ?? 0;
  delivery.content.account = channel.account;
  const facts = {
    incident: delivery.incident,
    channel: channel.name,
    action,
    attempt: delivery.attempt,
    status: outcome.status,
  };
  switch (outcome.kind) {
    case 'sent':
      delivery.state = 'sent';
      delivery.reason = 'accepted';
      logger.info(facts, `${action} of incident ${delivery.incident} accepted by ${channel.name}`);
      break;
    case 'park':
      delivery.state = 'parked';
      delivery.reason = outcome.reason;
      logger.error(
        facts,
        `${action} of incident ${delivery.incident} parked, ${channel.name} will not take it: ${outcome.reason}`,
      );
      break;
    case 'retry': {
      const waitMs = nextWait(retry.failures, outcome.afterMs, deps.backoff, deps.random);
      retry.notBefore = deps.clock.now() + waitMs;
      if (outcome.status === 429) deps.gate.holdUntil(retry.notBefore);
      delivery.nextAttemptAt = retry.notBefore;
      delivery.reason = outcome.reason;
      logger.warn(
        { ...facts, waitMs },
        `${action} of incident ${delivery.incident} not delivered, trying again: ${outcome.reason}`,
      );
      break;
    }
  }
}
