import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCodec } from '../../lib/adapters/avro/index.ts';
import { openChdbStore } from '../../lib/adapters/chdb/index.ts';
import { createEmbeddedLog } from '../../lib/adapters/embedded-log/index.ts';
import type { Baseline, BaselineColumn } from '../../lib/core/baselines/types.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Monitor } from '../../lib/core/monitors/types.ts';
import { emptySketch } from '../../lib/core/sketch/feature.ts';
import { numericGrid, quantileEdges } from '../../lib/core/sketch/grid.ts';
import { BASELINE_TOLERANCE, sketchNumeric } from '../../lib/core/sketch/numeric.ts';
import { METRICS } from '../../lib/core/statistics/registry.ts';
import { migrate } from '../../lib/migrations/index.ts';
import { systemClock } from '../../lib/ports/clock.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { Store } from '../../lib/ports/store.ts';
import { loadAggregationSpec } from '../../lib/registry/spec.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { createLogger } from '../../lib/runtime/logging.ts';
import { createRegistry } from '../../lib/runtime/metrics.ts';
import type { Service } from '../../lib/runtime/service.ts';
import { insertBaseline } from '../../lib/tables/baselines.ts';
import { saveSpec } from '../../lib/tables/specs.ts';
import { createDetector } from '../../services/detector/index.ts';
import { normal } from '../../test/core/sketch/shapes.ts';
import { configWith } from '../../test/support/config.ts';
import { eventually } from '../../test/support/eventually.ts';
import { generator } from '../../test/support/generator.ts';
import { featureName, Ledger, MINUTE, modelName, type Size, T0 } from './ledger.ts';
import { StoreClock } from './store-clock.ts';

const DELAY_MS = 1_000;
const REFERENCE = 20_000;
const METRIC_NAMES = Object.values(METRICS).map(({ metric }) => metric);

/** Metrics of a numeric column. */
export const NUMERIC_METRICS = Object.values(METRICS).filter((metric) => metric.appliesTo(baselineColumn('x')));

/** The embedded engine and log with baselines, a ledger to be filled, and a detector on them once it is started. */
export class World {
  readonly size: Size;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly config: Config;
  /** What the detector asks of the store. */
  readonly clock: StoreClock;
  readonly #dir: string;
  readonly #log: Log;
  readonly #incarnation: string;
  readonly #codec = createCodec({ encoding: 'json' });
  readonly #metrics = createRegistry();
  #detector: Service | null = null;

  private constructor(parts: {
    size: Size;
    dir: string;
    store: Store;
    log: Log;
    config: Config;
    ledger: Ledger;
    incarnation: string;
  }) {
    this.size = parts.size;
    this.#dir = parts.dir;
    this.store = parts.store;
    this.#log = parts.log;
    this.config = parts.config;
    this.ledger = parts.ledger;
    this.#incarnation = parts.incarnation;
    this.clock = new StoreClock(parts.store);
  }

  static async open(size: Size): Promise<World> {
    const dir = mkdtempSync(join(tmpdir(), 'driftline-detector-'));
    const store = await openChdbStore({ dir: join(dir, 'store'), database: 'driftline', readers: 4 });
    await migrate(store);
    const log = await createEmbeddedLog({ dir: join(dir, 'log'), partitions: size.chunks });
    await log.ensureTopics(Object.values(TOPICS).map((name) => ({ name, partitions: size.chunks })));
    const config = configOf(size);
    await registerBaselines(store, size);
    const { incarnation } = await log.describeTopic(TOPICS.predictions);
    const ledger = new Ledger(store, size, incarnation, await saveSpec(store, await specOf(config, store)));
    return new World({ size, dir, store, log, config, ledger, incarnation });
  }

  async start(): Promise<void> {
    const { config, clock } = this;
    const logger = createLogger({ name: 'bench', level: 'warn' });
    const ctx = { config, log: this.#log, store: clock.store, codec: this.#codec, clock: systemClock, logger };
    this.#detector = createDetector({ ...ctx, metrics: this.#metrics });
    this.#detector.failed.catch((error: unknown) => {
      throw error;
    });
    await this.#detector.start();
  }

  /** Says that these windows of all models are complete. */
  async announce(from: number, to: number): Promise<void> {
    const windows = Array.from({ length: to - from }, (_, i) => {
      const start = T0 + (from + i) * MINUTE;
      return { version: '1', role: 'champion', start, end: start + MINUTE };
    });
    const origin = { topic: TOPICS.predictions, incarnation: this.#incarnation };
    const records = Array.from({ length: this.size.models }, (_, m) => {
      const message = {
        kind: 'windows' as const,
        ...origin,
        partition: 0,
        reach: to * 65_536,
        model: modelName(m),
        windows,
      };
      return { key: message.model, value: this.#codec.encodeAnnouncement(message) };
    });
    await this.#log.append(TOPICS.windows, records);
    const passed = T0 + to * MINUTE + DELAY_MS;
    for (let partition = 0; partition < this.size.chunks; partition += 1) {
      const progress = {
        kind: 'progress' as const,
        ...origin,
        partition,
        reach: to * 65_536,
        passed,
        arrived: passed,
        replaying: false,
      };
      const value = this.#codec.encodeAnnouncement(progress);
      const everywhere = Array.from({ length: this.size.chunks }, (_, at) => ({ key: null, value, partition: at }));
      await this.#log.append(TOPICS.windows, everywhere);
    }
  }

  /** Waits until the engine merges nothing any more: what filling it causes is no part of what is measured. */
  async settled(): Promise<void> {
    const merges = () => this.store.query('SELECT 1 FROM system.merges');
    await eventually('the end of merges', async () => (await merges()).length === 0, 300_000);
  }

  async metric(name: string): Promise<number> {
    const { values } = await this.#metrics.getSingleMetric(name)!.get();
    return values.reduce((sum, { value }) => sum + value, 0);
  }

  async close(): Promise<void> {
    await this.#detector?.stop();
    await this.#log.close();
    await this.store.close();
    rmSync(this.#dir, { recursive: true });
  }
}

function configOf({ models, chunks }: Size): Config {
  const names = Array.from({ length: models }, (_, m) => modelName(m));
  return configWith({
    partitions: chunks,
    aggregation: { allowedDelayMs: DELAY_MS },
    models: names.map((name) => ({
      name,
      ...{ windowMs: MINUTE, timezone: 'UTC', segments: [], reference: { name: 'ref', file: '' } },
      ...{ columns: {}, categorical: [], ignore: [] },
    })),
    monitors: names.map(monitorOf),
  });
}

/** All columns, all metrics, no segments. */
export function monitorOf(model: string): Monitor {
  return {
    ...{ name: `${model}-drift`, model, target: '*', windowMs: MINUTE, baseline: 'ref', threshold: {}, segments: [] },
    ...{ metrics: METRIC_NAMES, minSamples: 50, persistence: 1, severity: 'error' },
  };
}

/** Without the columns, which only segments need: reading a thousand baselines for them is a start's work, not measured here. */
function specOf(config: Config, store: Store): ReturnType<typeof loadAggregationSpec> {
  return loadAggregationSpec(
    { ...config, models: config.models.map((model) => ({ ...model, reference: null })) },
    store,
  );
}

/** One baseline for all models. */
async function registerBaselines(store: Store, { models, features }: Size): Promise<void> {
  await insertBaseline(store, baselineOf(modelName(0), features));
  await store.command(
    `INSERT INTO baseline_rows SELECT * REPLACE (concat('m', leftPad(toString(number), 4, '0')) AS model)
     EXCEPT number FROM baseline_rows CROSS JOIN numbers(1, ${models - 1}) AS others`,
  );
}

export function baselineOf(model: string, features: number): Baseline {
  const columns = Array.from({ length: features }, (_, f) => baselineColumn(featureName(f)));
  return { model, name: 'ref', version: 'v1', columns: new Map(columns.map((column) => [column.feature, column])) };
}

function baselineColumn(feature: string): BaselineColumn {
  const random = generator(1);
  const values = Float64Array.from({ length: REFERENCE }, () => normal(random)).sort();
  const numeric = sketchNumeric(values, REFERENCE, BASELINE_TOLERANCE);
  const psiEdges = quantileEdges(values, 10);
  const sketch = { ...emptySketch('numeric'), count: REFERENCE, kind: 'numeric' as const, numeric };
  return { feature, sketch, psiEdges, grid: numericGrid(psiEdges, values), spread: {} };
}
