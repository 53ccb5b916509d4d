import type { App } from '../../lib/runtime/app.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { runApp } from '../../lib/runtime/lifecycle.ts';
import { createLogger, type LogLevel } from '../../lib/runtime/logging.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import { signals } from './signals.ts';

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A logger that never prints the configuration's secrets. */
export function loggerFor(name: string, config: Config | null, level?: LogLevel): ServiceContext['logger'] {
  const secrets =
    config === null ? [] : [config.pagerduty?.routingKey ?? '', storePassword(config), config.sql.password ?? ''];
  return createLogger({ name, secrets, ...(level === undefined ? {} : { level }) });
}

function storePassword({ store }: Config): string {
  return store.kind === 'clickhouse' ? store.password : '';
}

/** Runs the app until a signal or a failure; the exit code goes to `process.exitCode`. */
export async function serve(app: App, logger: ServiceContext['logger'], readyLine: () => string): Promise<void> {
  process.exitCode = await runApp(app, { logger, readyLine, stdout: print, signals });
}
