import type { Command } from 'commander';
import { openChdbEngine } from '../../lib/adapters/chdb/index.ts';
import { createApp } from '../../lib/runtime/app.ts';
import { DriftlineError, describeError } from '../../lib/runtime/errors.ts';
import { createSqlServer } from '../sql/index.ts';
import { engineFailure } from '../wiring/engine-failure.ts';
import { engineDir } from '../wiring/open-store.ts';
import { type CommonFlags, configOf, configOption, dataOption, parsePort } from './options.ts';
import { loggerFor, serve } from './run.ts';

interface SqlServerFlags extends CommonFlags {
  writable?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('sql-server')
    .description("the embedded engine behind ClickHouse's HTTP protocol, for several processes to share");
  dataOption(configOption(command))
    .option('--host <host>', 'address to listen on (sql.host)')
    .option('--port <port>', 'port (sql.port; default 8123, 0: any free one)', parsePort)
    .option('--writable', 'take writes too: tests and development only', false)
    .action(run);
}

async function run({ host, port, ...flags }: SqlServerFlags): Promise<void> {
  const config = configOf({ ...flags, sqlHost: host, sqlPort: port });
  const logger = loggerFor('sql-server', config);
  const dir = engineDir(config.dataDir);
  const engine = await openChdbEngine(dir).catch((error: unknown) => {
    throw new DriftlineError('store_locked', describeError(error), 'choose another directory with --data', {
      cause: error,
    });
  });
  const server = createSqlServer({
    engine,
    ...config.sql,
    writable: flags.writable === true,
    database: config.store.database,
    logger,
  });
  const keeper = {
    name: 'engine',
    start: async () => {},
    stop: () => engine.close(),
    notReady: () => null,
    failed: engineFailure(engine),
  };
  const app = createApp([keeper, server], { logger });
  await serve(app, logger, () => `ready sql=${server.url}`);
}
