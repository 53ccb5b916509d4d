import type { Command } from 'commander';
import { TOPICS } from '../../lib/core/messages/types.ts';
import { openContext, prepare } from '../wiring.ts';
import { type CommonFlags, configOf, configOption, dataOption } from './options.ts';
import { loggerFor, print } from './run.ts';

export function register(program: Command): void {
  const command = program.command('migrate').description('creates and upgrades the tables, and creates missing topics');
  dataOption(configOption(command)).action(run);
}

async function run(flags: CommonFlags): Promise<void> {
  const config = configOf(flags);
  const { ctx, connections } = await openContext(config, 'migrate', loggerFor('migrate', config));
  try {
    const applied = await prepare(ctx);
    print(`tables: ${applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`}`);
    print(`topics: ${Object.values(TOPICS).join(', ')}`);
  } finally {
    await connections.stop();
  }
}
