import type { Logger } from 'pino';
import { deferred } from './deferred.ts';
import { DriftlineError, describeError } from './errors.ts';
import type { Service } from './service.ts';

export interface AppOptions {
  logger: Logger;
  /** All stops together must end within this, ms; a service that does not is named and left behind. */
  stopTimeoutMs?: number;
}

/** Services as one: started in order, stopped in reverse. */
export interface App {
  /** Starts one after the other. When one fails, those before it are stopped again and the call rejects with its error. */
  start(): Promise<void>;
  /** Idempotent, bounded, never rejects; true when every service stopped in time and without an error. */
  stop(): Promise<boolean>;
  /** Why the app cannot make progress now, one line a reason, such as `detector: starting`; empty when it can. */
  readiness(): readonly string[];
  /** Rejects when a started service has ended by itself. */
  readonly failed: Promise<never>;
}

const STOP_TIMEOUT_MS = 25_000;

export function createApp(services: readonly Service[], options: AppOptions): App {
  const { logger, stopTimeoutMs = STOP_TIMEOUT_MS } = options;
  /** Includes the one being started: a half-started service must be stopped too. */
  const begun: Service[] = [];
  const started = new Set<Service>();
  let stopped: Promise<boolean> | null = null;
  const failure = deferred<never>();
  failure.promise.catch(() => {});

  async function start(): Promise<void> {
    for (const service of services) {
      if (stopped !== null) return;
      begun.push(service);
      try {
        await service.start();
      } catch (error) {
        await stop();
        throw asStartError(service.name, error);
      }
      started.add(service);
      service.failed.catch((error: unknown) => failure.reject(error));
    }
  }

  function stop(): Promise<boolean> {
    stopped ??= stopAll(begun.toReversed(), Date.now() + stopTimeoutMs, logger);
    return stopped;
  }

  function readiness(): readonly string[] {
    if (stopped !== null) return ['stopping'];
    return services.flatMap((service) => {
      const reason = started.has(service) ? service.notReady() : 'starting';
      return reason === null ? [] : [`${service.name}: ${reason}`];
    });
  }

  return { start, stop, readiness, failed: failure.promise };
}

function asStartError(name: string, error: unknown): DriftlineError {
  if (error instanceof DriftlineError) return error;
  return new DriftlineError('start_failed', `${name} could not start: ${describeError(error)}`, null, { cause: error });
}

async function stopAll(services: readonly Service[], deadline: number, logger: Logger): Promise<boolean> {
  let clean = true;
  for (const service of services) {
    const error = await stopOne(service, Math.max(1, deadline - Date.now()));
    if (error === null) continue;
    clean = false;
    logger.error(
      { service: service.name, err: error },
      `${service.name} did not stop cleanly: ${describeError(error)}`,
    );
  }
  return clean;
}

/** null, or what went wrong. */
async function stopOne(service: Service, timeoutMs: number): Promise<unknown> {
  const timeout = deferred<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`still stopping after ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([service.stop(), timeout.promise]);
    return null;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
  }
}
