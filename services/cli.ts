import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { assetPath } from '../lib/runtime/assets.ts';
import { DriftlineError, ERROR_CODES } from '../lib/runtime/errors.ts';
import { holdSignals, toldToStop } from './commands/signals.ts';

/**
 * Each command is a file in commands/ that exports `register(program)`. They are loaded as needed: `validate` needs
 * neither the engine nor Kafka's client.
 */
const COMMANDS = {
  demo: () => import('./commands/demo.ts'),
  standalone: () => import('./commands/standalone.ts'),
  aggregator: () => import('./commands/aggregator.ts'),
  detector: () => import('./commands/detector.ts'),
  notifier: () => import('./commands/notifier.ts'),
  api: () => import('./commands/api.ts'),
  migrate: () => import('./commands/migrate.ts'),
  validate: () => import('./commands/validate.ts'),
  doctor: () => import('./commands/doctor.ts'),
  monitors: () => import('./commands/monitors.ts'),
  replay: () => import('./commands/replay.ts'),
  'sql-server': () => import('./commands/sql-server.ts'),
} as const;

/** Commands that run until they are stopped. */
const SERVERS = new Set(['standalone', 'aggregator', 'detector', 'notifier', 'api', 'sql-server']);

async function createProgram(args: readonly string[]): Promise<Command> {
  const { version } = JSON.parse(readFileSync(assetPath('package.json'), 'utf8')) as { version: string };
  const program = new Command('driftline')
    .description('Watches machine-learning models in production: drift, and who to page about it.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for what there is)');
  const asked = Object.entries(COMMANDS).filter(([name]) => name === args[0]);
  for (const [, load] of asked.length > 0 ? asked : Object.entries(COMMANDS)) (await load()).register(program);
  return program;
}

/** Prints what went wrong for people, on stderr, and returns the exit code. */
function report(error: unknown): number {
  // commander has printed its own message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ERROR_CODES.usage.exit;
  if (!(error instanceof DriftlineError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`driftline: ${text}\n`);
    return ERROR_CODES.internal.exit;
  }
  process.stderr.write(`${error.message}\n${error.hint === null ? '' : `(${error.hint})\n`}`);
  return ERROR_CODES[error.code].exit;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

try {
  const args = process.argv.slice(2);
  if (SERVERS.has(args[0] ?? '')) holdSignals();
  await (await createProgram(args)).parseAsync(args, { from: 'user' });
} catch (error) {
  const code = toldToStop.aborted && isAbort(error) ? 0 : report(error);
  // Told to stop while it could not reach what it needs: it has stopped.
  process.exitCode = toldToStop.aborted && code === 1 ? 0 : code;
}
// Clients that keep sockets or threads open must not keep a finished command alive.
process.exit();
