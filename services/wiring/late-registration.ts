import { type Store, StoreQueryError, StoreUnavailableError } from '../../lib/ports/store.ts';
import { deferred } from '../../lib/runtime/deferred.ts';
import type { Logger } from '../../lib/runtime/logging.ts';
import { retry } from '../../lib/runtime/retry.ts';
import type { Service } from '../../lib/runtime/service.ts';
import { pingStore, storeUnreachable } from './open-store.ts';
import { requireSchema } from './schema.ts';

/** A store that is back is noticed within this, ms. */
const MAX_DELAY_MS = 2_000;

export interface LateRegistrationOptions {
  store: Store;
  /** Shown to people. */
  storeUrl: string;
  /** Registers the declared models and references; idempotent. */
  register: () => Promise<void>;
  logger: Logger;
}

/**
 * Checks the tables, then registers what is declared, as soon as the store answers: for a process that does its work
 * meanwhile, as the API takes events. Until then it is not ready, and says why. What another attempt cannot mend, such as
 * tables of another release or a wrong password, ends the process: it rejects `start`, or later `failed`.
 */
export function lateRegistration(options: LateRegistrationOptions): Service {
  const { storeUrl, logger } = options;
  const failure = deferred<never>();
  failure.promise.catch(() => {});
  const stopping = new AbortController();
  let reason: string | null = null;

  function away(error: unknown): void {
    const now = storeUnreachable(storeUrl, error).message;
    if (now !== reason) logger.warn({ err: error }, `${now}; tables and models are checked as soon as it does`);
    reason = now;
  }

  async function untilDone(): Promise<void> {
    await retry(() => attempt(options), {
      signal: stopping.signal,
      maxDelayMs: MAX_DELAY_MS,
      retryable: isUnavailable,
      onRetry: away,
    });
    reason = null;
    logger.info('the store answers; tables are those of this release, models are registered');
  }

  return {
    name: 'store',
    start: async () => {
      try {
        await attempt(options);
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        away(error);
        // Once stopped, the attempt under way may fail as it likes.
        untilDone().catch((later: unknown) => {
          if (!stopping.signal.aborted) failure.reject(later);
        });
      }
    },
    stop: async () => stopping.abort(),
    notReady: () => reason,
    failed: failure.promise,
  };
}

async function attempt({ store, storeUrl, register }: LateRegistrationOptions): Promise<void> {
  await pingStore(store).catch((error: unknown) => {
    throw error instanceof StoreQueryError ? storeUnreachable(storeUrl, error) : error;
  });
  await requireSchema(store);
  await register();
}

function isUnavailable(error: unknown): boolean {
  return error instanceof StoreUnavailableError;
}
