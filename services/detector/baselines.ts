import type { Baseline } from '../../lib/core/baselines/types.ts';
import type { ReadyMonitor } from '../../lib/core/detection/types.ts';
import type { Monitor } from '../../lib/core/monitors/types.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import type { Store } from '../../lib/ports/store.ts';
import { currentBaselineVersions, loadBaseline } from '../../lib/tables/baselines.ts';

/** How long a baseline version is taken as the current one, ms. */
const FRESH_MS = 30_000;
/** How soon a baseline that was not there is looked for again, ms. */
export const MISSING_RETRY_MS = 2_000;

/** Baselines in memory: read once a version; which versions are current is looked up for all of them, now and then. */
export class BaselineCache {
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly loaded = new Map<string, Baseline>();
  private versions: ReadonlyMap<string, string> = new Map();
  private checkedAt = Number.NEGATIVE_INFINITY;
  private checking: Promise<void> | null = null;

  constructor(store: Store, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  /** The monitors whose baseline is registered; the others cannot test anything yet. */
  async ready(monitors: readonly Monitor[]): Promise<ReadyMonitor[]> {
    const isMissing = monitors.some(({ model, baseline }) => !this.versions.has(baselineKey(model, baseline)));
    const age = this.clock.now() - this.checkedAt;
    if (age >= (isMissing ? MISSING_RETRY_MS : FRESH_MS)) await this.check();
    const result: ReadyMonitor[] = [];
    for (const monitor of monitors) {
      const baseline = await this.get(monitor.model, monitor.baseline);
      if (baseline !== null) result.push({ monitor, baseline });
    }
    return result;
  }

  /** One at a time. */
  private check(): Promise<void> {
    this.checking ??= this.lookUp().finally(() => {
      this.checking = null;
    });
    return this.checking;
  }

  private async lookUp(): Promise<void> {
    const found = await currentBaselineVersions(this.store);
    this.versions = new Map(found.map(({ model, name, version }) => [baselineKey(model, name), version]));
    this.checkedAt = this.clock.now();
  }

  private async get(model: string, name: string): Promise<Baseline | null> {
    const key = baselineKey(model, name);
    const version = this.versions.get(key);
    if (version === undefined) return null;
    const known = this.loaded.get(key);
    if (known?.version === version) return known;
    const baseline = await loadBaseline(this.store, model, name);
    if (baseline !== null) this.loaded.set(key, baseline);
    return baseline;
  }
}

function baselineKey(model: string, name: string): string {
  return JSON.stringify([model, name]);
}
