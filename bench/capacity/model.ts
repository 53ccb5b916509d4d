/** A cost that grows with the columns of an event (its features, score and label): `base + column * columns`. */
export interface Line {
  base: number;
  column: number;
}

/** Costs of one encoding. CPU: an aggregator's, and the store's. */
export interface Costs {
  /** µs of an event: read, decoded, sketched. */
  event: Line;
  /** µs of an event beyond that where the raw prediction log is kept, and its bytes on the disk. */
  raw: Line;
  rawStore: Line;
  rawBytes: Line;
  live: Live;
}

/** What a stream costs however few events it has. */
export interface Live {
  /** Cores for being there: fetches, commits, announcements, merges of small parts. */
  cores: number;
  storeCores: number;
  /** µs of a row of the ledger, made and sent, and stored. */
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
  rawLog: boolean;
}

export interface Capacity {
  partitions: number;
  /** Of aggregators. */
  processes: number;
  /** Busy with it. */
  aggregatorCores: number;
  storeCores: number;
  /** For a billion predictions, both. */
  coreHours: number;
}

/** A process is given no more than this share of a core: what is left takes rebalances and catching up. */
const LOAD = 0.7;
const LEAST_PARTITIONS = 4;
const FLUSH_SECONDS = 1;

export const at = ({ base, column }: Line, columns: number): number => base + column * columns;

/**
 * Every window that got events is written by every partition once a flush interval: a row for the window, one a column, and as
 * many again for each value of a segment. That and being there do not grow with the rate; all else does.
 */
export function capacityOf({ event, raw, rawStore, live }: Costs, demand: Demand): Capacity {
  const { rate, columns, segments, models, rawLog } = demand;
  const ofEvents = rate * (at(event, columns) + (rawLog ? at(raw, columns) : 0));
  const ofPartitions = (partitions: number, processes: number): Capacity => {
    const flushes = Math.min(rate, (models * partitions) / FLUSH_SECONDS);
    const rows = flushes * (columns + 1) * (1 + segments);
    const aggregatorCores = (ofEvents + rows * live.row) / 1e6 + processes * live.cores;
    const storeCores = (rate * (rawLog ? at(rawStore, columns) : 0) + rows * live.rowStore) / 1e6 + live.storeCores;
    const coreHours = ((aggregatorCores + storeCores) / rate) * (1e9 / 3600);
    return { partitions, processes, aggregatorCores, storeCores, coreHours };
  };
  // Each process needs a partition of its own at least.
  for (let partitions = LEAST_PARTITIONS, processes = 1; ; ) {
    const found = ofPartitions(partitions, processes);
    if (found.aggregatorCores <= processes * LOAD || processes >= rate) return found;
    processes += 1;
    while (partitions < processes) partitions *= 2;
  }
}

/** What was measured of one run on a full topic. */
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

/** What was measured of a stream of JSON so slow that events are little of its cost; a second. */
export interface Slow {
  columns: number;
  rate: number;
  cores: number;
  storeCores: number;
  rows: number;
}

/** The line through two sizes. */
export function lineThrough(small: Sample, large: Sample, pick: (sample: Sample) => number): Line {
  const column = (pick(large) - pick(small)) / (large.columns - small.columns);
  return { base: pick(small) - column * small.columns, column };
}

/** What an event costs, from two sizes, without its share of the ledger's rows. */
export function eventLine(small: Sample, large: Sample, live: Live): Line {
  return lineThrough(small, large, ({ cpu, rows, events }) => cpu - (live.row * rows) / events);
}

/**
 * What is not of the events, from two slow streams of unlike events. Of these something has to be known for it, and the other
 * way round: rounds of substitution come to the solution, as a full topic has few rows an event and a slow stream few events.
 */
export function solveLive(narrow: Slow, wide: Slow, small: Sample, large: Sample): Live {
  // Without the raw log a store has nothing but the ledger's rows; a slow stream's are too few to tell their cost.
  const rowStore = (large.storeCpu * large.events + small.storeCpu * small.events) / (large.rows + small.rows);
  const storeCores = Math.max(0, narrow.storeCores - (rowStore * narrow.rows) / 1e6);
  let live: Live = { cores: 0, storeCores, row: 0, rowStore };
  for (let round = 0; round < 20; round++) {
    const event = eventLine(small, large, live);
    const rest = ({ columns, rate, cores }: Slow) => cores - (rate * at(event, columns)) / 1e6;
    const more = wide.rows - narrow.rows;
    const row = Math.max(0, (rest(wide) - rest(narrow)) / more);
    live = { ...live, cores: Math.max(0, rest(narrow) - row * narrow.rows), row: row * 1e6 };
  }
  return live;
}

/** What the model says that a run on a full topic costs, µs an event: aggregator and store. */
export function predicted(costs: Costs, sample: Sample, rawLog: boolean): { cpu: number; storeCpu: number } {
  const { columns, rows, events } = sample;
  const { event, raw, rawStore, live } = costs;
  return {
    cpu: at(event, columns) + (rawLog ? at(raw, columns) : 0) + (live.row * rows) / events,
    storeCpu: (rawLog ? at(rawStore, columns) : 0) + (live.rowStore * rows) / events,
  };
}
