import type { Command } from 'commander';
import { createApp } from '../../lib/runtime/app.ts';
import { createApi } from '../api/index.ts';
import { loadPage } from '../web/assets.ts';
import { lateRegistrationService, openContext, requireLog } from '../wiring.ts';
import { requireServers } from './distributed.ts';
import { type CommonFlags, configOf, configOption, httpOptions } from './options.ts';
import { loggerFor, serve } from './run.ts';

const PORT = 8080;

export function register(program: Command): void {
  const command = program.command('api').description('events over HTTP, scores and incidents, and the page');
  httpOptions(configOption(command), PORT).action(run);
}

async function run(flags: CommonFlags): Promise<void> {
  const config = configOf(flags);
  requireServers(config, 'api');
  const logger = loggerFor('api', config);
  // Taking events needs the log only: an API that starts while the store is away must not refuse them.
  const { ctx, connections } = await openContext(config, 'api', logger, { mayBeAway: true });
  try {
    await requireLog(ctx);
  } catch (error) {
    await connections.stop();
    throw error;
  }
  const api = createApi(ctx, { port: config.http.port ?? PORT, page: loadPage, readiness: () => [...app.readiness()] });
  const app = createApp([connections, api, lateRegistrationService(ctx)], { logger });
  await serve(app, logger, () => `ready http=${api.url}`);
}
