import type { AggregationSpec } from '../../lib/core/chunks/spec.ts';
import type { WindowKey } from '../../lib/core/chunks/types.ts';
import {
  insertSightedModels,
  insertVersions,
  loadModelNames,
  loadVersions,
  type SightedVersion,
} from '../../lib/tables/models.ts';
import type { Environment } from './environment.ts';

interface Known {
  models: Set<string>;
  versions: Set<string>;
}

/** Versions remembered as registered, some 20 MB; past it all are forgotten and registered again as they come. */
const MAX_KNOWN = 100_000;

const versionId = (model: string, version: string, role: string): string => JSON.stringify([model, version, role]);

/** Registers models and versions as they are first seen. Writing one again is harmless, so each process keeps its own list. */
export class Sightings {
  readonly #environment: Environment;
  #known: Promise<Known> | null = null;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async note(windows: readonly WindowKey[], spec: AggregationSpec): Promise<void> {
    this.#known ??= this.#environment.persist('model_rows', () => this.#load());
    const known = await this.#known;
    const fresh = windows.filter(({ model, version, role }) => !known.versions.has(versionId(model, version, role)));
    if (fresh.length === 0) return;
    const versions = firstOfEach(fresh, ({ model, version, role }) => versionId(model, version, role));
    const models = firstOfEach(fresh, ({ model }) => model).filter(({ model }) => !known.models.has(model));
    await this.#environment.persist('model_rows', () => this.#insert(models, versions, spec));
    for (const { model, version, role } of versions) known.versions.add(versionId(model, version, role));
    for (const { model } of models) known.models.add(model);
    if (known.versions.size > MAX_KNOWN) this.#known = Promise.resolve({ models: new Set(), versions: new Set() });
  }

  async #load(): Promise<Known> {
    const { store } = this.#environment.context;
    const versions = await loadVersions(store);
    return {
      models: await loadModelNames(store),
      versions: new Set(versions.map(({ model, version, role }) => versionId(model, version, role))),
    };
  }

  async #insert(models: readonly WindowKey[], versions: readonly WindowKey[], spec: AggregationSpec): Promise<void> {
    const { store } = this.#environment.context;
    await insertSightedModels(
      store,
      models.map((key) => sighted(key, spec)),
    );
    await insertVersions(
      store,
      versions.map((key) => sighted(key, spec)),
    );
  }
}

function sighted({ model, version, role, windowStart }: WindowKey, spec: AggregationSpec): SightedVersion {
  const { lengthMs, timezone } = (spec.models.find((declared) => declared.model === model) ?? spec.defaults).window;
  return { model, version, role, firstSeen: windowStart, windowMs: lengthMs, timezone };
}

function firstOfEach(windows: readonly WindowKey[], id: (window: WindowKey) => string): WindowKey[] {
  const first = new Map<string, WindowKey>();
  for (const window of windows.toSorted((a, b) => a.windowStart - b.windowStart)) {
    if (!first.has(id(window))) first.set(id(window), window);
  }
  return [...first.values()];
}
