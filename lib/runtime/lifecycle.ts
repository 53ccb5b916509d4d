import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { App } from './app.ts';
import { deferred, never } from './deferred.ts';
import { DriftlineError, describeError } from './errors.ts';

export interface RunOptions {
  logger: Logger;
  /** The line for stdout once the app is ready, such as `ready http=… sql=…`. */
  readyLine: () => string;
  stdout: (line: string) => void;
  /** Where SIGTERM and SIGINT come from: `process`. */
  signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const READY_POLL_MS = 25;
const SLOW_START_MS = 10_000;
/** npm, timeout(1) and terminals pass one and the same signal on twice; only a later one means impatience. */
const REPEAT_MS = 1_000;

type Ending = { kind: 'signal'; signal: string } | { kind: 'failed' | 'not-started'; error: unknown };

/**
 * Runs the app until a signal or a failure and returns the process's exit code: 0 after SIGTERM or SIGINT and a clean
 * stop, 1 otherwise. A start that fails throws its error. A second signal, a second or more after
 * the first, does not wait for the stop.
 */
export async function runApp(app: App, options: RunOptions): Promise<number> {
  const { logger } = options;
  const watch = watchSignals(options.signals);
  const abort = new AbortController();
  try {
    const startFailure = app.start().then(never, (error: unknown): Ending => ({ kind: 'not-started', error }));
    const failure = app.failed.catch((error: unknown): Ending => ({ kind: 'failed', error }));
    void announceReady(app, options, abort.signal);
    const ending = await Promise.race([watch.first, startFailure, failure]);
    abort.abort();
    if (ending.kind === 'not-started') throw ending.error;
    logEnding(ending, logger);
    // A start still under way is not waited for: it may be what hangs.
    const clean = await Promise.race([app.stop(), watch.second]);
    return ending.kind === 'signal' && clean ? 0 : 1;
  } finally {
    abort.abort();
    watch.close();
  }
}

function logEnding(ending: Ending, logger: Logger): void {
  if (ending.kind === 'signal') {
    logger.info({ signal: ending.signal }, `${ending.signal}: stopping`);
    return;
  }
  const code = ending.error instanceof DriftlineError ? ending.error.code : 'service_failed';
  logger.fatal({ code, err: ending.error }, `a service ended by itself, stopping: ${describeError(ending.error)}`);
}

async function announceReady(app: App, options: RunOptions, signal: AbortSignal): Promise<void> {
  const began = Date.now();
  let warnAt = began + SLOW_START_MS;
  for (let reasons = app.readiness(); reasons.length > 0; reasons = app.readiness()) {
    if (Date.now() >= warnAt) {
      options.logger.warn({ reasons }, `not ready yet: ${reasons.join('; ')}`);
      warnAt += SLOW_START_MS;
    }
    await sleep(READY_POLL_MS);
    if (signal.aborted) return;
  }
  options.stdout(options.readyLine());
  options.logger.info({ startMs: Date.now() - began }, 'ready');
}

interface SignalWatch {
  first: Promise<Ending>;
  /** Resolves to false: not a clean stop. */
  second: Promise<false>;
  close(): void;
}

function watchSignals(signals: RunOptions['signals']): SignalWatch {
  const first = deferred<Ending>();
  const second = deferred<false>();
  let firstAt: number | null = null;
  const handlers = SIGNALS.map((signal) => {
    const handler = (): void => {
      firstAt ??= Date.now();
      first.resolve({ kind: 'signal', signal });
      if (Date.now() - firstAt >= REPEAT_MS) second.resolve(false);
    };
    signals.on(signal, handler);
    return { signal, handler };
  });
  const close = (): void => {
    for (const { signal, handler } of handlers) signals.off(signal, handler);
  };
  return { first: first.promise, second: second.promise, close };
}
