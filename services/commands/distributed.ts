import type { Command } from 'commander';
import { type App, createApp } from '../../lib/runtime/app.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { DriftlineError } from '../../lib/runtime/errors.ts';
import { createHealthServer } from '../../lib/runtime/health-server.ts';
import type { Service, ServiceContext } from '../../lib/runtime/service.ts';
import { openContext, registrationService, requirePrepared } from '../wiring.ts';
import { type CommonFlags, configOf, configOption, httpOptions } from './options.ts';
import { loggerFor, serve } from './run.ts';
import { toldToStop } from './signals.ts';

export interface ServiceCommand {
  name: string;
  description: string;
  port: number;
  /** Registers declared models and references before the service starts. */
  registers: boolean;
  /** Flags of its own. */
  flags?: (command: Command) => Command;
  create: (ctx: ServiceContext, flags: CommonFlags) => Service;
}

/** A command that runs one service of a cluster, with health and metrics on its own port. */
export function registerService(program: Command, spec: ServiceCommand): void {
  const command = program.command(spec.name).description(spec.description);
  spec.flags?.(command);
  httpOptions(configOption(command), spec.port).action(async (flags: CommonFlags) => {
    const config = configOf(flags);
    requireServers(config, spec.name);
    const logger = loggerFor(spec.name, config);
    const { app, url } = await openService(config, logger, spec, flags);
    await serve(app, logger, () => `ready http=${url() ?? ''}`);
  });
}

async function openService(
  config: Config,
  logger: ServiceContext['logger'],
  spec: ServiceCommand,
  flags: CommonFlags,
): Promise<{ app: App; url: () => string | null }> {
  const { ctx, connections } = await openContext(config, spec.name, logger);
  try {
    await requirePrepared(ctx, toldToStop);
    const port = config.http.port ?? spec.port;
    const readiness = (): readonly string[] => app.readiness();
    const health = createHealthServer({ host: config.http.host, port, readiness, metrics: ctx.metrics });
    const services = [
      connections,
      health,
      ...(spec.registers ? [registrationService(ctx)] : []),
      spec.create(ctx, flags),
    ];
    const app = createApp(services, { logger });
    return { app, url: health.url };
  } catch (error) {
    await connections.stop();
    throw error;
  }
}

/** An embedded log or engine lives in one process, so services in processes of their own could not share it. */
export function requireServers(config: Config, command: string): void {
  const embedded = [config.log.kind === 'embedded' ? 'log' : '', config.store.kind === 'embedded' ? 'store' : ''];
  const missing = embedded.filter((part) => part !== '');
  if (missing.length === 0) return;
  throw new DriftlineError(
    'needs_distributed',
    `driftline ${command} needs Kafka and a ClickHouse server, but ${missing.join(' and ')}.kind is embedded`,
    'set log.kind: kafka and store.kind: clickhouse, or run `driftline standalone`',
  );
}
