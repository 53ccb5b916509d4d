/** A cost that grows with the columns of an event (its features, score and label): `base + column * columns`. */
export interface Line {
  base: number;
  column: number;
}

/** µs of CPU by encoding and process. */
export interface Costs {
  /** Of the aggregator, an event: read, decoded, sketched. */
  event: Line;
  /** What an event costs beyond that where the raw prediction log is kept. */
  raw: Line;
  rawStore: Line;
  /** Bytes on the disk of an event in the raw log, not µs. */
  rawBytes: Line;
  /** A row of the ledger, made and sent, and stored. */
  row: number;
  rowStore: number;
}

/** What is to be carried. */
export interface Demand {
  /** Events a second, of all models. */
  rate: number;
  /** Features, the score and the label. */
  columns: number;
  /** Values of segments that are tested. */
  segments: number;
  /** Whose windows are open. */
  models: number;
  /** Windows of a model that get events at the same time. */
  windows: number;
  rawLog: boolean;
}

export interface Capacity {
  partitions: number;
  /** Of aggregators. */
  processes: number;
  /** Busy with it. */
  aggregatorCores: number;
  storeCores: number;
  /** Ledger rows a second. */
  rows: number;
  /** For a billion predictions, both. */
  coreHours: number;
}

/** A process is given no more than this share of a core: what is left takes rebalances and catching up. */
const LOAD = 0.7;
const LEAST_PARTITIONS = 4;
const FLUSH_SECONDS = 1;

export const at = ({ base, column }: Line, columns: number): number => base + column * columns;

/**
 * Every window that got events is written by every partition once a flush interval, a row for the window, each column and
 * each of the same of each segment: that cost does not grow with the rate, all else does.
 */
export function capacityOf(costs: Costs, demand: Demand): Capacity {
  const { rate, columns, segments, models, windows, rawLog } = demand;
  const event = at(costs.event, columns) + (rawLog ? at(costs.raw, columns) : 0);
  const ofPartitions = (partitions: number): Capacity => {
    const flushes = Math.min(rate, (models * windows * partitions) / FLUSH_SECONDS);
    const rows = flushes * (columns + 1) * (1 + segments);
    const aggregatorCores = (rate * event + rows * costs.row) / 1e6;
    const storeCores = (rate * (rawLog ? at(costs.rawStore, columns) : 0) + rows * costs.rowStore) / 1e6;
    return {
      partitions,
      processes: Math.ceil(aggregatorCores / LOAD),
      aggregatorCores,
      storeCores,
      rows,
      coreHours: ((aggregatorCores + storeCores) / rate) * (1e9 / 3600),
    };
  };
  // Each process needs a partition of its own at least.
  for (let partitions = LEAST_PARTITIONS; ; partitions *= 2) {
    const found = ofPartitions(partitions);
    if (found.processes <= partitions || partitions > rate) return found;
  }
}

/** What was measured of one run. */
export interface Sample {
  columns: number;
  events: number;
  /** µs an event. */
  cpu: number;
  storeCpu: number;
  /** Ledger rows written in all. */
  rows: number;
  /** Bytes on the disk of an event in the raw log; 0 without. */
  rawBytes: number;
}

/** The line through two sizes, once `row` µs of each ledger row are taken away. */
export function lineThrough(small: Sample, large: Sample, pick: (sample: Sample) => number): Line {
  const column = (pick(large) - pick(small)) / (large.columns - small.columns);
  return { base: pick(small) - column * small.columns, column };
}

/**
 * The cost of an event and of a row: two full topics of unlike events, and a slow stream, in which rows are most of the
 * cost. Rounds of substitution come to the solution, as a full topic has few rows an event.
 */
export function solve(small: Sample, large: Sample, slow: Sample): Pick<Costs, 'event' | 'row' | 'rowStore'> {
  const rowsOf = ({ rows, events }: Sample) => rows / events;
  let [row, rowStore] = [0, 0];
  let event = lineThrough(small, large, ({ cpu }) => cpu);
  for (let round = 0; round < 20; round++) {
    row = Math.max(0, (slow.cpu - at(event, slow.columns)) / rowsOf(slow));
    event = lineThrough(small, large, (sample) => sample.cpu - row * rowsOf(sample));
    rowStore = slow.storeCpu / rowsOf(slow);
  }
  return { event, row, rowStore };
}

/** What the model says that a run costs, µs an event: aggregator and store. */
export function predicted(costs: Costs, sample: Sample, rawLog: boolean): { cpu: number; storeCpu: number } {
  const { columns, rows, events } = sample;
  return {
    cpu: at(costs.event, columns) + (rawLog ? at(costs.raw, columns) : 0) + (costs.row * rows) / events,
    storeCpu: (rawLog ? at(costs.rawStore, columns) : 0) + (costs.rowStore * rows) / events,
  };
}
