import type { PredictionBlock } from '../events/block.ts';
import type { TimeWindow } from '../windows/types.ts';
import { windowOf } from '../windows/windows.ts';
import { type CompiledModel, compileModels, undeclaredModel } from './compiled-spec.ts';
import { Caps } from './limit-hits.ts';
import { CHUNK_LIMITS, type ChunkCaps, LAST_DATABLE, OTHER } from './limits.ts';
import type { AggregationSpec } from './spec.ts';
import type { ChunkChanges, ChunkIdentity, ChunkLoss, ChunkLossReason, ChunkRow, WindowKey } from './types.ts';
import { ChunkWindow } from './window.ts';

interface ModelState {
  name: string;
  compiled: CompiledModel;
  /** The window of the last event: most events fall into the same one. */
  lastWindow: TimeWindow;
  variants: Set<string>;
}

interface Variant {
  version: string;
  role: string;
}

interface LossState extends ChunkLoss {
  changed: boolean;
}

/** The first offset after the aligned chunk that holds `start`: the next multiple of the chunk size. */
export function chunkEnd(start: number, chunkSize: number): number {
  return (Math.floor(start / chunkSize) + 1) * chunkSize;
}

/** The pure accumulator of one chunk's prefix. What it yields depends on the events added and the spec alone. */
export class OpenChunk {
  readonly identity: ChunkIdentity;
  readonly spec: AggregationSpec;
  /** The first offset that belongs to the next chunk. */
  readonly end: number;
  /** Events added so far, those that count as lost included. */
  events = 0;
  readonly #declared: Map<string, CompiledModel>;
  readonly #models = new Map<string, ModelState>();
  /** Live windows, the one touched longest ago first. */
  readonly #windows = new Map<string, ChunkWindow>();
  #last: { model: ModelState; version: string; role: string; start: number; live: ChunkWindow } | null = null;
  #undeclared = 0;
  #undeclaredVariants = 0;
  readonly #limits: Caps;
  /**
   * Windows that left memory. Their number is the generation of those that come next: one that comes back has a greater
   * generation than before, and nothing needs to be remembered of it.
   */
  #evictions = 0;
  /** Those whose rows are not written yet. */
  #evicted: ChunkWindow[] = [];
  #evictedBytes = 0;
  readonly #losses = new Map<ChunkLossReason, LossState>();
  #declaredLosses: ReadonlyMap<string, number> = new Map();
  #bytes = 0;

  constructor(spec: AggregationSpec, identity: ChunkIdentity, caps: ChunkCaps = CHUNK_LIMITS) {
    this.spec = spec;
    this.identity = identity;
    this.end = chunkEnd(identity.chunkStart, spec.chunkSize);
    this.#declared = compileModels(spec);
    this.#limits = new Caps(caps);
  }

  /**
   * Adds the block's events; offsets rise, and each is added once. Returns which of them count as lost, by their row. What
   * comes of them does not depend on where one block ends and the next begins.
   */
  add(block: PredictionBlock): ReadonlyMap<number, ChunkLossReason> {
    let lost = NO_LOSSES;
    this.events += block.length;
    for (let row = 0; row < block.length; ) {
      const added = this.#isFuture(block, row) ? 'future' : this.#addRun(block, row);
      if (typeof added === 'number') {
        row += added;
        continue;
      }
      if (lost === NO_LOSSES) lost = new Map();
      lost.set(row, this.#lose(added, block.offsets[row]!));
      row += 1;
    }
    return lost;
  }

  /** Adds the event in `row`, with as many after it as surely leave the same rows together; returns how many. */
  #addRun(block: PredictionBlock, row: number): number | ChunkLossReason {
    const model = this.#modelOf(block.models[row]!);
    const window = locate(model, block.timestamps[row]!);
    if (this.#isBeyondHorizon(block, row, window)) return 'beyond_horizon';
    const live = this.#windowOf(model, block, row, window);
    const before = live.bytes;
    const alone = model.name === OTHER || this.#windows.size > this.#limits.caps.liveWindows;
    const end = alone ? row + 1 : this.#runEnd(block, row, window, live);
    live.add(block, row, end);
    this.#bytes += live.bytes - before;
    this.#evict();
    return end - row;
  }

  /** The end of what follows in the same window, as far as no window has to leave memory meanwhile. */
  #runEnd(block: PredictionBlock, row: number, window: TimeWindow, live: ChunkWindow): number {
    let end = row + 1;
    while (end < block.length && continues(block, row, end) && this.#isIn(block, end, window)) end += 1;
    const room = this.#limits.caps.liveBytes - this.#bytes;
    let count = end - row;
    while (count > 1 && live.growth(block, count) > room) count = count >> 2;
    return row + Math.max(1, count);
  }

  #isIn(block: PredictionBlock, row: number, window: TimeWindow): boolean {
    const timestamp = block.timestamps[row]!;
    if (timestamp < window.start || timestamp >= window.end) return false;
    return !this.#isFuture(block, row) && !this.#isBeyondHorizon(block, row, window);
  }

  #isFuture({ timestamps, arrivals }: PredictionBlock, row: number): boolean {
    return timestamps[row]! > Math.min(arrivals[row]! + this.spec.futureSkewMs, LAST_DATABLE);
  }

  #isBeyondHorizon({ arrivals }: PredictionBlock, row: number, window: TimeWindow): boolean {
    return arrivals[row]! - window.end > this.spec.horizonMs;
  }

  /** Rows of every window touched since `forgetChanges`, and what else grew. Changes nothing about later rows. */
  changes(): ChunkChanges {
    const touched = [...this.#evicted, ...this.#windows.values()].filter((window) => window.changed);
    return {
      rows: { [Symbol.iterator]: () => rowsOf(touched) },
      windows: touched.map((window) => window.key),
      rewrites: touched.filter((window) => window.written).length,
      losses: this.#changedLosses(),
      limits: this.#limits.hits,
    };
  }

  /** Takes what changed so far for written: the caller knows that the same rows are durable. */
  forgetChanges(): void {
    this.#evicted = [];
    this.#evictedBytes = 0;
    this.#limits.forget();
    for (const window of this.#windows.values()) window.forgetChanges();
    for (const loss of this.#losses.values()) loss.changed = false;
  }

  #changedLosses(): ChunkLoss[] {
    const changed = [...this.#losses.values()].filter((loss) => loss.changed);
    return changed.map(({ reason, firstOffset, lastOffset, events }) => ({ reason, firstOffset, lastOffset, events }));
  }

  /** Losses of these reasons below these offsets were declared by an earlier chunk: they are not counted again here. */
  passOverLosses(declared: ReadonlyMap<string, number>): void {
    this.#declaredLosses = declared;
  }

  #lose(reason: ChunkLossReason, offset: number): ChunkLossReason {
    if (offset < (this.#declaredLosses.get(reason) ?? 0)) return reason;
    const loss = this.#losses.get(reason);
    if (loss === undefined) {
      this.#losses.set(reason, { reason, firstOffset: offset, lastOffset: offset, events: 1, changed: true });
    } else {
      loss.lastOffset = offset;
      loss.events += 1;
      loss.changed = true;
    }
    return reason;
  }

  #modelOf(name: string): ModelState {
    const known = this.#models.get(name);
    if (known !== undefined) return known;
    const declared = this.#declared.get(name);
    if (declared === undefined && name !== OTHER && !this.#admitsModel(name)) return this.#modelOf(OTHER);
    const compiled = declared ?? undeclaredModel(this.spec, name === OTHER);
    const state = { name, compiled, lastWindow: { start: 0, end: 0 }, variants: new Set<string>() };
    this.#models.set(name, state);
    return state;
  }

  #admitsModel(name: string): boolean {
    if (this.#undeclared >= this.#limits.caps.models) {
      this.#limits.hit('models', name);
      return false;
    }
    this.#undeclared += 1;
    return true;
  }

  #windowOf(model: ModelState, block: PredictionBlock, row: number, { start, end }: TimeWindow): ChunkWindow {
    const last = this.#last;
    const stated = { version: block.versions[row]!, role: block.roles[row]! };
    if (last?.model === model && last.start === start && last.version === stated.version && last.role === stated.role) {
      return last.live;
    }
    const { version, role } = this.#admitVariant(model, stated);
    const id = JSON.stringify([model.name, version, role, start]);
    const key: WindowKey = { model: model.name, version, role, windowStart: start, windowEnd: end };
    const live = this.#windows.get(id) ?? this.#createWindow(key, model);
    // Deleting and setting again keeps the map in order of last touch.
    this.#windows.delete(id);
    this.#windows.set(id, live);
    this.#last = { model, ...stated, start, live };
    return live;
  }

  #createWindow(key: WindowKey, model: ModelState): ChunkWindow {
    const created = new ChunkWindow(key, this.#evictions, model.compiled, this.#limits);
    this.#bytes += created.bytes;
    return created;
  }

  /** (version, role) as the chunk counts them: past a cap, and for models past theirs, all are one. */
  #admitVariant(model: ModelState, { version, role }: Variant): Variant {
    if (model.compiled.countsOnly) return PAST_CAP;
    const id = `${role} ${version}`;
    if (model.variants.has(id)) return { version, role };
    const { caps } = this.#limits;
    const { declared } = model.compiled;
    if (model.variants.size >= caps.variants) return this.#refuseVariant('variants', model);
    if (!declared && this.#undeclaredVariants >= caps.undeclaredVariants) {
      return this.#refuseVariant('undeclaredVariants', model);
    }
    model.variants.add(id);
    if (!declared) this.#undeclaredVariants += 1;
    return { version, role };
  }

  #refuseVariant(limit: 'variants' | 'undeclaredVariants', model: ModelState): Variant {
    this.#limits.hit(limit, model.name);
    return PAST_CAP;
  }

  /** Lets windows go, the one touched longest ago first. One that is too large alone goes too. */
  #evict(): void {
    const { liveBytes, liveWindows } = this.#limits.caps;
    if (this.#bytes <= liveBytes && this.#windows.size <= liveWindows) return;
    for (const [id, window] of this.#windows) {
      const limit = this.#windows.size > liveWindows ? 'liveWindows' : 'liveBytes';
      if (limit === 'liveBytes' && this.#bytes <= liveBytes) return;
      this.#limits.hit(limit, window.key.model);
      this.#letGo(id, window);
    }
  }

  #letGo(id: string, window: ChunkWindow): void {
    if (window.changed) {
      this.#evicted.push(window);
      this.#evictedBytes += window.bytes;
    }
    this.#windows.delete(id);
    this.#evictions += 1;
    this.#bytes -= window.bytes;
    if (this.#last?.live === window) this.#last = null;
  }

  /** Estimated bytes of the windows in memory, those that wait apart. */
  get liveBytes(): number {
    return this.#bytes;
  }

  /** Estimated bytes of evicted windows that wait for their rows to be written, and how many these are. */
  get waiting(): { bytes: number; windows: number } {
    return { bytes: this.#evictedBytes, windows: this.#evicted.length };
  }
}

const PAST_CAP: Variant = { version: OTHER, role: OTHER };
const NO_LOSSES: Map<number, ChunkLossReason> = new Map();

/** Whether the event in row `next` is of the same model, version and role. */
function continues({ models, versions, roles }: PredictionBlock, row: number, next: number): boolean {
  return models[next] === models[row] && versions[next] === versions[row] && roles[next] === roles[row];
}

function* rowsOf(windows: readonly ChunkWindow[]): Generator<ChunkRow> {
  for (const window of windows) yield* window.rows();
}

function locate(model: ModelState, timestamp: number): TimeWindow {
  const { start, end } = model.lastWindow;
  if (timestamp < start || timestamp >= end) model.lastWindow = windowOf(timestamp, model.compiled.window);
  return model.lastWindow;
}
