import type { Baseline } from '../../lib/core/baselines/types.ts';
import type { ReadyMonitor } from '../../lib/core/detection/types.ts';
import type { Monitor } from '../../lib/core/monitors/types.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import type { Store } from '../../lib/ports/store.ts';
import { currentBaselineVersion, loadBaseline } from '../../lib/tables/baselines.ts';

/** How long a baseline version is taken as the current one, ms. */
const FRESH_MS = 30_000;
/** How soon a baseline that was not there is looked for again, ms. */
export const MISSING_RETRY_MS = 2_000;

interface Entry {
  baseline: Baseline | null;
  checkedAt: number;
}

/** Baselines in memory: read once a version, looked up anew now and then. */
export class BaselineCache {
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly entries = new Map<string, Entry>();

  constructor(store: Store, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  /** The monitors whose baseline is registered; the others cannot test anything yet. */
  async ready(monitors: readonly Monitor[]): Promise<ReadyMonitor[]> {
    const result: ReadyMonitor[] = [];
    for (const monitor of monitors) {
      const baseline = await this.get(monitor.model, monitor.baseline);
      if (baseline !== null) result.push({ monitor, baseline });
    }
    return result;
  }

  private async get(model: string, name: string): Promise<Baseline | null> {
    const key = JSON.stringify([model, name]);
    const known = this.entries.get(key);
    const now = this.clock.now();
    if (known !== undefined && now - known.checkedAt < (known.baseline === null ? MISSING_RETRY_MS : FRESH_MS)) {
      return known.baseline;
    }
    const version = await currentBaselineVersion(this.store, model, name);
    const unchanged = known?.baseline != null && known.baseline.version === version;
    const baseline = unchanged ? known.baseline : version === null ? null : await loadBaseline(this.store, model, name);
    this.entries.set(key, { baseline, checkedAt: now });
    return baseline;
  }
}
