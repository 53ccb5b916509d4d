import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { OpenTable } from '../ports/table-file.ts';
import type { Config } from '../runtime/config/types.ts';
import { declareModels } from '../tables/declared-models.ts';
import { registerReference } from './references.ts';

export interface RegistrationDependencies {
  config: Config;
  store: Store;
  clock: Clock;
  openTable: OpenTable;
  /** Told before each reference is read. */
  onReference?: (model: string, reference: string) => void;
}

/**
 * Registers the models of the configuration and their references. Idempotent, and safe in several processes at once:
 * every one of them writes the same rows. Throws `reference_unreadable`
 * naming the file when a reference cannot be read.
 */
export async function registerDeclared(dependencies: RegistrationDependencies): Promise<void> {
  const { config, store, clock, openTable } = dependencies;
  const monitored = new Set(config.monitors.map((monitor) => monitor.model));
  await declareModels(store, config.models, monitored, clock.now());
  for (const model of config.models) {
    if (model.reference === null) continue;
    dependencies.onReference?.(model.name, model.reference.name);
    await registerReference(model, store, openTable);
  }
}
