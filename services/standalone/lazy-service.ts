import { deferred } from '../../lib/runtime/deferred.ts';
import type { Service } from '../../lib/runtime/service.ts';

/** A service made only when it starts, from what the services before it found out. */
export function lazyService(name: string, make: () => Service): Service {
  const failure = deferred<never>();
  failure.promise.catch(() => {});
  let service: Service | null = null;
  return {
    name,
    start: async () => {
      service = make();
      service.failed.catch((error: unknown) => failure.reject(error));
      await service.start();
    },
    stop: async () => {
      await service?.stop();
    },
    notReady: () => service?.notReady() ?? null,
    failed: failure.promise,
  };
}
