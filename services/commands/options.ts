import { type Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../lib/runtime/config/index.ts';
import type { Config } from '../../lib/runtime/config/types.ts';

/** Flags shared by the commands that run services. */
export interface CommonFlags {
  config?: string;
  data?: string;
  host?: string;
  port?: number;
  sqlHost?: string;
  sqlPort?: number;
  retryParked?: boolean;
}

export function parsePort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('must be a port from 0 to 65535; 0 takes any free one.');
}

export function configOption(command: Command): Command {
  return command.option('--config <file>', 'configuration file (YAML); DRIFTLINE_… variables and flags win over it');
}

export function dataOption(command: Command): Command {
  return command.option('--data <dir>', 'data directory of the embedded log and engine (data_dir)');
}

export function httpOptions(command: Command, defaultPort: number): Command {
  return command
    .option('--host <host>', 'address to listen on (http.host)')
    .option('--port <port>', `HTTP port (http.port; default ${defaultPort}, 0: any free one)`, parsePort);
}

export function retryParkedOption(command: Command): Command {
  return command.option(
    '--retry-parked',
    'send once more what channels refused for good in the last seven days (without: only after a change of the routing key)',
  );
}

/** The configuration that the flags ask for. Throws ConfigError. */
export function configOf(flags: CommonFlags): Config {
  return loadConfig({
    ...(flags.config === undefined ? {} : { file: flags.config }),
    env: process.env,
    flags: {
      data_dir: flags.data,
      'http.host': flags.host,
      'http.port': flags.port,
      'sql.host': flags.sqlHost,
      'sql.port': flags.sqlPort,
    },
  });
}
