import type { Channel } from '../../lib/ports/channel.ts';
import { type App, createApp } from '../../lib/runtime/app.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import type { Service, ServiceContext } from '../../lib/runtime/service.ts';
import { createAggregator } from '../aggregator/index.ts';
import { createApi } from '../api/index.ts';
import { createDetector } from '../detector/index.ts';
import { createNotifier } from '../notifier/index.ts';
import { createSqlServer } from '../sql/index.ts';
import { loadPage } from '../web/assets.ts';
import { openChannels, openContext, prepare, registrationService, type Wired } from '../wiring.ts';
import { lazyService } from './lazy-service.ts';

export interface StandaloneOptions {
  logger: ServiceContext['logger'];
  /** In place of the configured ones: the demo's local PagerDuty. */
  channels?: Channel[];
  /** See NotifierOptions. */
  retryParked?: boolean;
}

export interface Standalone {
  ctx: ServiceContext;
  app: App;
  /** Known once the app has started. */
  httpUrl(): string;
  /** null where the store is a server: ask that. */
  sqlUrl(): string | null;
}

/** All of Driftline in one process, tables and topics included. Opened, not yet started; `app.stop()` closes everything. */
export async function openStandalone(config: Config, options: StandaloneOptions): Promise<Standalone> {
  const wired = await openContext(config, 'standalone', options.logger);
  try {
    await prepare(wired.ctx);
    return compose(wired, options.channels ?? openChannels(config), options.retryParked ?? false);
  } catch (error) {
    await wired.connections.stop();
    throw error;
  }
}

function compose({ ctx, engine, connections }: Wired, channels: Channel[], retryParked: boolean): Standalone {
  const { config, logger } = ctx;
  const api = createApi(ctx, { page: loadPage, readiness: () => [...app.readiness()] });
  const sql =
    engine === null
      ? null
      : createSqlServer({ engine, ...config.sql, database: ctx.store.database, writable: false, logger });
  // Links in a page need the port that the api got, which is known once it listens.
  const notifier = lazyService('notifier', () =>
    createNotifier({ ...ctx, config: { ...config, publicUrl: config.publicUrl ?? api.url } }, channels, {
      retryParked,
    }),
  );
  const services: Service[] = [connections, api, registrationService(ctx), createAggregator(ctx), createDetector(ctx)];
  const app = createApp([...services, notifier, ...(sql === null ? [] : [sql])], { logger });
  return { ctx, app, httpUrl: () => api.url, sqlUrl: () => sql?.url ?? null };
}
