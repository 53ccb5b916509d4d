import type { Prediction } from '../events/types.ts';
import type { TimeWindow } from '../windows/types.ts';
import { windowOf } from '../windows/windows.ts';
import { type CompiledModel, compileModels, undeclaredModel } from './compiled-spec.ts';
import { CHUNK_LIMITS, LAST_DATABLE, OTHER } from './limits.ts';
import type { AggregationSpec } from './spec.ts';
import type { ChunkChanges, ChunkIdentity, ChunkLoss, ChunkLossReason, Position, WindowKey } from './types.ts';
import { ChunkWindow } from './window.ts';

interface ModelState {
  name: string;
  compiled: CompiledModel;
  /** The window of the last event: most events fall into the same one. */
  lastWindow: TimeWindow;
  variants: Set<string>;
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
  readonly #declared: Map<string, CompiledModel>;
  readonly #models = new Map<string, ModelState>();
  /** Live windows, the one touched longest ago first. */
  readonly #windows = new Map<string, ChunkWindow>();
  #last: { model: ModelState; version: string; role: string; start: number; live: ChunkWindow } | null = null;
  #undeclared = 0;
  /** The generation of windows that were evicted, by key. */
  readonly #evictions = new Map<string, number>();
  #evicted: ChunkChanges = { rows: [], losses: [], windows: [] };
  readonly #losses = new Map<ChunkLossReason, LossState>();
  readonly #liveBytes: number;
  #bytes = 0;

  constructor(spec: AggregationSpec, identity: ChunkIdentity, liveBytes: number = CHUNK_LIMITS.liveBytes) {
    this.spec = spec;
    this.identity = identity;
    this.end = chunkEnd(identity.chunkStart, spec.chunkSize);
    this.#declared = compileModels(spec);
    this.#liveBytes = liveBytes;
  }

  /** Adds the event at the given offset, or says why it counts as lost. Offsets rise; each is added once. */
  add(event: Prediction, { offset, arrival }: Position): ChunkLossReason | null {
    if (event.timestamp > Math.min(arrival + this.spec.futureSkewMs, LAST_DATABLE)) return this.#lose('future', offset);
    const model = this.#modelOf(event.model);
    const window = locate(model, event.timestamp);
    if (arrival - window.end > this.spec.horizonMs) return this.#lose('beyond_horizon', offset);
    const live = this.#windowOf(model, event, window);
    const before = live.bytes;
    live.add(event, offset);
    this.#bytes += live.bytes - before;
    if (this.#bytes > this.#liveBytes) this.#evict();
    return null;
  }

  /** Rows of every window touched since the last call, and the losses that grew. Changes nothing about later rows. */
  changes(): ChunkChanges {
    const { rows, windows } = this.#evicted;
    this.#evicted = { rows: [], losses: [], windows: [] };
    for (const window of this.#windows.values()) {
      if (!window.changed) continue;
      rows.push(...window.rows());
      windows.push(window.key);
    }
    return { rows, windows, losses: this.#changedLosses() };
  }

  /** Takes what changed so far for written: the caller knows that the same rows are durable. */
  forgetChanges(): void {
    this.#evicted = { rows: [], losses: [], windows: [] };
    for (const window of this.#windows.values()) window.forgetChanges();
    for (const loss of this.#losses.values()) loss.changed = false;
  }

  #changedLosses(): ChunkLoss[] {
    const changed = [...this.#losses.values()].filter((loss) => loss.changed);
    return changed.map((loss) => {
      loss.changed = false;
      const { reason, firstOffset, lastOffset, events } = loss;
      return { reason, firstOffset, lastOffset, events };
    });
  }

  #lose(reason: ChunkLossReason, offset: number): ChunkLossReason {
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
    if (declared === undefined && name !== OTHER && this.#undeclared++ >= CHUNK_LIMITS.models)
      return this.#modelOf(OTHER);
    const compiled = declared ?? undeclaredModel(this.spec, name === OTHER);
    const state = { name, compiled, lastWindow: { start: 0, end: 0 }, variants: new Set<string>() };
    this.#models.set(name, state);
    return state;
  }

  #windowOf(model: ModelState, event: Prediction, { start, end }: TimeWindow): ChunkWindow {
    const last = this.#last;
    if (last?.model === model && last.start === start && last.version === event.version && last.role === event.role) {
      return last.live;
    }
    const { version, role } = admitVariant(model, event);
    const id = JSON.stringify([model.name, version, role, start]);
    const key: WindowKey = { model: model.name, version, role, windowStart: start, windowEnd: end };
    const live = this.#windows.get(id) ?? this.#createWindow(id, key, model);
    // Deleting and setting again keeps the map in order of last touch.
    this.#windows.delete(id);
    this.#windows.set(id, live);
    this.#last = { model, version: event.version, role: event.role, start, live };
    return live;
  }

  #createWindow(id: string, key: WindowKey, model: ModelState): ChunkWindow {
    const created = new ChunkWindow(key, this.#evictions.get(id) ?? 0, model.compiled);
    this.#bytes += created.bytes;
    return created;
  }

  /** Lets windows go, the one touched longest ago first, but never the one touched now. */
  #evict(): void {
    for (const [id, window] of this.#windows) {
      if (this.#bytes <= this.#liveBytes || window === this.#last?.live) return;
      if (window.changed) {
        this.#evicted.rows.push(...window.rows());
        this.#evicted.windows.push(window.key);
      }
      this.#windows.delete(id);
      this.#evictions.set(id, window.generation + 1);
      this.#bytes -= window.bytes;
    }
  }

  /** Rows of evicted windows that wait for the next `changes`. */
  get waitingRows(): number {
    return this.#evicted.rows.length;
  }
}

function locate(model: ModelState, timestamp: number): TimeWindow {
  const { start, end } = model.lastWindow;
  if (timestamp < start || timestamp >= end) model.lastWindow = windowOf(timestamp, model.compiled.window);
  return model.lastWindow;
}

/** (version, role) as the chunk counts them: past the cap, and for models past theirs, all are one. */
function admitVariant(model: ModelState, { version, role }: Prediction): { version: string; role: string } {
  const id = `${role} ${version}`;
  if (model.compiled.countsOnly) return { version: OTHER, role: OTHER };
  if (model.variants.has(id)) return { version, role };
  if (model.variants.size >= CHUNK_LIMITS.variants) return { version: OTHER, role: OTHER };
  model.variants.add(id);
  return { version, role };
}
