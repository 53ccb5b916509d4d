import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../ports/clock.ts';
import type { Codec } from '../ports/codec.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import type { Config } from './config/types.ts';

/** What wiring hands to a service. Services know no adapter. */
export interface ServiceContext {
  config: Config;
  log: Log;
  store: Store;
  codec: Codec;
  clock: Clock;
  logger: Logger;
  metrics: Registry;
}

/**
 * A running part of Driftline. `start` resolves when it works; `stop` is idempotent and bounded; between them `notReady`
 * says why it can make no progress now (null when it can), which `/readyz` shows. `failed` rejects when the service has
 * ended by itself and the process must end with it.
 */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  notReady(): string | null;
  readonly failed: Promise<never>;
}
