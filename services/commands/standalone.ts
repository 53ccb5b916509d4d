import type { Command } from 'commander';
import { openStandalone } from '../standalone/index.ts';
import {
  type CommonFlags,
  configOf,
  configOption,
  dataOption,
  httpOptions,
  parsePort,
  retryParkedOption,
} from './options.ts';
import { loggerFor, serve } from './run.ts';

export function register(program: Command): void {
  const command = program
    .command('standalone')
    .description('everything in one process, with an embedded log and ClickHouse engine unless configured otherwise');
  httpOptions(retryParkedOption(dataOption(configOption(command))), 8080)
    .option('--sql-port <port>', 'port of the read-only SQL interface (sql.port; default 8123)', parsePort)
    .action(run);
}

async function run(flags: CommonFlags): Promise<void> {
  const config = configOf(flags);
  const logger = loggerFor('standalone', config);
  const { app, httpUrl, sqlUrl } = await openStandalone(config, { logger, retryParked: flags.retryParked ?? false });
  await serve(app, logger, () => {
    const sql = sqlUrl();
    return `ready http=${httpUrl()}${sql === null ? '' : ` sql=${sql}`}`;
  });
}
