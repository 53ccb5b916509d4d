import type { Engine } from '../../lib/ports/engine.ts';
import { never } from '../../lib/runtime/deferred.ts';
import { DriftlineError, describeError } from '../../lib/runtime/errors.ts';

/** Rejects, for people, when the embedded engine has died; never where there is none. For a service's `failed`. */
export function engineFailure(engine: Pick<Engine, 'dir' | 'failed'> | null): Promise<never> {
  if (engine === null) return never();
  const failed = engine.failed.catch((error: unknown) => {
    throw new DriftlineError(
      'engine_failed',
      `the embedded ClickHouse engine in ${engine.dir} has died: ${describeError(error)}`,
      'start the process again: what was acknowledged is kept; report it where it comes back',
      { cause: error },
    );
  });
  failed.catch(() => {});
  return failed;
}
