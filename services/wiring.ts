import { createCodec } from '../lib/adapters/avro/index.ts';
import type { ChdbEngine } from '../lib/adapters/chdb/index.ts';
import { openCsv } from '../lib/adapters/csv/index.ts';
import { createPagerDutyChannel } from '../lib/adapters/pagerduty/index.ts';
import { createSchemaRegistry } from '../lib/adapters/schema-registry/index.ts';
import { migrate } from '../lib/migrations/index.ts';
import type { Channel } from '../lib/ports/channel.ts';
import { systemClock } from '../lib/ports/clock.ts';
import { StoreUnavailableError } from '../lib/ports/store.ts';
import { registerDeclared } from '../lib/registry/index.ts';
import type { Config } from '../lib/runtime/config/types.ts';
import { never } from '../lib/runtime/deferred.ts';
import { describeError } from '../lib/runtime/errors.ts';
import { createRegistry } from '../lib/runtime/metrics.ts';
import { retry } from '../lib/runtime/retry.ts';
import type { Service, ServiceContext } from '../lib/runtime/service.ts';
import { applyRetention } from '../lib/tables/retention.ts';
import { engineFailure } from './wiring/engine-failure.ts';
import { lateRegistration } from './wiring/late-registration.ts';
import { openLog } from './wiring/open-log.ts';
import { openStore, type StoreOptions } from './wiring/open-store.ts';
import { requireSchema } from './wiring/schema.ts';
import { createTopics, requireTopics } from './wiring/topics.ts';

/** How long a start waits for a store that cannot answer, beyond being reached at all. */
const START_PATIENCE_MS = 60_000;

export interface Wired {
  ctx: ServiceContext;
  /** The embedded engine of this process, or null. */
  engine: ChdbEngine | null;
  /** To be the first service of an app: stopped last, it closes log and store. */
  connections: Service;
}

/**
 * Opens what the configuration names. Everything is reachable when it resolves, but a store that may be away; nothing is left
 * open when it rejects.
 */
export async function openContext(
  config: Config,
  name: string,
  logger: ServiceContext['logger'],
  options: StoreOptions = {},
): Promise<Wired> {
  const { store, engine } = await openStore(config, options);
  try {
    const log = await openLog(config, name, logger);
    const registry = config.schemaRegistry === null ? null : createSchemaRegistry(config.schemaRegistry);
    const codec = createCodec({ encoding: config.log.encoding, registry, records: config.avroRecords });
    const ctx = { config, log, store, codec, clock: systemClock, logger, metrics: createRegistry() };
    return { ctx, engine, connections: connectionsService(ctx, engine) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function connectionsService({ log, store }: ServiceContext, engine: ChdbEngine | null): Service {
  const close = async (): Promise<void> => {
    await log.close();
    await store.close();
  };
  let closed: Promise<void> | null = null;
  return {
    name: 'connections',
    start: async () => {},
    stop: () => {
      closed ??= close();
      return closed;
    },
    notReady: () => null,
    failed: engineFailure(engine),
  };
}

/** Tables and topics of this release, made where missing. Resolves to the migrations applied now. */
export async function prepare(ctx: ServiceContext): Promise<string[]> {
  const applied = await migrate(ctx.store);
  await applyRetention(ctx.store, { ...ctx.config.retention, horizonMs: ctx.config.aggregation.horizonMs });
  await createTopics(ctx.log, ctx.config);
  return applied;
}

/** Throws where topics of this release are missing. */
export function requireLog(ctx: ServiceContext): Promise<void> {
  return requireTopics(ctx.log);
}

/** Throws where tables or topics of this release are missing, and an AbortError once `signal` aborts. */
export async function requirePrepared(ctx: ServiceContext, signal: AbortSignal): Promise<void> {
  await patiently(ctx, 'check the tables', () => requireSchema(ctx.store), signal);
  await requireLog(ctx);
}

/** Registers the declared models and their references as the app starts. */
export function registrationService(ctx: ServiceContext): Service {
  return {
    name: 'registry',
    start: () => patiently(ctx, 'register models and references', () => register(ctx)),
    stop: async () => {},
    notReady: () => null,
    failed: never(),
  };
}

/** The same with the check of the tables, for a context whose store may be away: done once the store answers. */
export function lateRegistrationService(ctx: ServiceContext): Service {
  const { config, store, logger } = ctx;
  const storeUrl = config.store.kind === 'clickhouse' ? config.store.url : config.dataDir;
  return lateRegistration({ store, storeUrl, logger, register: () => register(ctx) });
}

function register({ config, store, clock, logger }: ServiceContext): Promise<void> {
  const onReference = (model: string, reference: string): void =>
    logger.info({ model, reference }, `reading reference ${reference} of model ${model}`);
  return registerDeclared({ config, store, clock, openTable: openCsv, onReference });
}

/** Doing either again changes nothing, so a store that hiccups does not end the process; a longer outage does. */
function patiently(ctx: ServiceContext, what: string, task: () => Promise<void>, signal?: AbortSignal): Promise<void> {
  return retry(task, {
    ...(signal === undefined ? {} : { signal }),
    totalMs: START_PATIENCE_MS,
    retryable: (error) => error instanceof StoreUnavailableError,
    onRetry: (error) => ctx.logger.warn({ err: error }, `cannot ${what}, trying again: ${describeError(error)}`),
  });
}

/** Where incidents are told: the channels that are configured. */
export function openChannels(config: Config): Channel[] {
  return config.pagerduty === null ? [] : [createPagerDutyChannel(config.pagerduty)];
}
