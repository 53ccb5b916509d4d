import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { openChdbStore } from '../../../lib/adapters/chdb/index.ts';
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';
import { createPagerDutyChannel } from '../../../lib/adapters/pagerduty/index.ts';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { migrate } from '../../../lib/migrations/index.ts';
import type { Channel } from '../../../lib/ports/channel.ts';
import { systemClock } from '../../../lib/ports/clock.ts';
import { type Row, type SqlParams, type Store, StoreUnavailableError } from '../../../lib/ports/store.ts';
import { createRegistry } from '../../../lib/runtime/metrics.ts';
import type { Service, ServiceContext } from '../../../lib/runtime/service.ts';
import { insertAlertEvents } from '../../../lib/tables/alerts.ts';
import { createNotifier, type NotifierOptions } from '../../../services/notifier/index.ts';
import {
  createLocalPagerDuty,
  type LocalPagerDuty,
  type LocalPagerDutyOptions,
} from '../../../services/pagerduty-local/index.ts';
import { configWith } from '../../support/config.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';

export const ROUTING_KEY = 'a'.repeat(32);

export interface DeliveryView {
  incident: string;
  channel: string;
  action: string;
  dedup_key: string;
  attempt: number;
  status: number;
  state: string;
  reason: string;
}

/** A notifier's surroundings on the real embedded log, engine and contract server. One a process. */
export interface Harness {
  ctx: ServiceContext;
  pagerduty: LocalPagerDuty;
  /** Scripts what the contract server does with the next requests; null: answer as PagerDuty would. */
  script(respond: LocalPagerDutyOptions['respond'] | null): void;
  channel(options?: { routingKey?: string; timeoutMs?: number }): Channel;
  start(channels?: readonly Channel[], ctx?: Partial<ServiceContext>, options?: NotifierOptions): Promise<Service>;
  /** As the detector does: rows first, then the topic. */
  publish(...events: AlertEvent[]): Promise<void>;
  /** What the contract server received about an incident: `action status`, in order. */
  received(incident: string): string[];
  deliveries(incident: string): Promise<DeliveryView[]>;
  close(): Promise<void>;
}

const FAST = { backoff: { minDelayMs: 20, maxDelayMs: 40 }, random: () => 0.5, stopGraceMs: 200 };

export async function openHarness(partitions = 2, kept?: string): Promise<Harness> {
  const dir = kept ?? (await mkdtemp(join(tmpdir(), 'driftline-notifier-')));
  const log = await createEmbeddedLog({ dir: join(dir, 'log'), partitions });
  await log.ensureTopics([TOPICS.alerts, TOPICS.deadLetters].map((name) => ({ name, partitions })));
  const store = await openChdbStore({ dir: join(dir, 'store'), database: 'driftline' });
  await migrate(store);
  let respond: LocalPagerDutyOptions['respond'] | null = null;
  const pagerduty = createLocalPagerDuty({ port: 0, respond: (request, event) => respond?.(request, event) ?? null });
  await pagerduty.start();
  const ctx: ServiceContext = {
    config: configWith({ partitions, publicUrl: 'http://127.0.0.1:8080/' }),
    log,
    store,
    codec: createCodec({ encoding: 'json' }),
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    metrics: createRegistry(),
  };
  const channel = (changes: { routingKey?: string; timeoutMs?: number } = {}) =>
    createPagerDutyChannel({ baseUrl: pagerduty.url, routingKey: ROUTING_KEY, ...changes });
  return {
    ctx,
    pagerduty,
    script(next) {
      respond = next;
    },
    channel,
    async start(channels = [channel()], changes = {}, options = {}) {
      const notifier = createNotifier({ ...ctx, ...changes }, channels, { ...FAST, ...options });
      await notifier.start();
      await eventually('the notifier is ready', () => notifier.notReady() === null);
      return notifier;
    },
    async publish(...events) {
      await insertAlertEvents(store, events);
      const records = events.map((event) => ({ key: event.model, value: ctx.codec.encodeAlert(event) }));
      await log.append(TOPICS.alerts, records);
    },
    received: (incident) =>
      pagerduty
        .events()
        .map(({ status, body }) => ({ status, event: body as { dedup_key: string; event_action: string } }))
        .filter(({ event }) => event.dedup_key === incident)
        .map(({ status, event }) => `${event.event_action} ${status}`),
    deliveries: (incident) =>
      store.query<DeliveryView>(
        `SELECT incident, channel, action, dedup_key, attempt, status, state, reason FROM deliveries
         WHERE incident = {incident:String} ORDER BY notice_id, action DESC`,
        { incident },
      ),
    async close() {
      await pagerduty.stop();
      await log.close();
      await store.close();
      if (kept === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The store, but statements for which `fails` holds find it unavailable; for queries the table is empty. */
export function withFailures(store: Store, fails: (table: string, rows: readonly Row[]) => boolean): Store {
  const guard = (table: string, rows: readonly Row[]) => {
    if (fails(table, rows)) throw new StoreUnavailableError('scripted outage');
  };
  return replacing(store, {
    async query<T>(sql: string, params?: SqlParams) {
      guard('', []);
      return store.query<T>(sql, params);
    },
    async insert(table, rows) {
      guard(table, [...rows]);
      return store.insert(table, rows);
    },
  });
}
