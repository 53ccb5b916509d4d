import { OpenChunk } from '../../lib/core/chunks/chunk.ts';
import type { WindowKey } from '../../lib/core/chunks/types.ts';
import { type Assignment, StaleAssignmentError } from '../../lib/ports/log.ts';
import { insertChunkRows } from '../../lib/tables/chunk-rows.ts';
import { insertLosses } from '../../lib/tables/losses.ts';
import { writeManifest } from '../../lib/tables/manifests.ts';
import type { Collaborators } from './collaborators.ts';
import { reportChunkLimits } from './limits.ts';
import type { PartitionState } from './partition-state.ts';
import type { StoredSpec } from './spec-source.ts';

interface Open extends StoredSpec {
  chunk: OpenChunk;
}

/** The partition's open chunk, and the ledger's rows of it: opens, flushes, closes and commits. */
export class ChunkLedger {
  readonly #shared: Collaborators;
  readonly #state: PartitionState;
  /** Writes what else the manifest is to vouch for. */
  readonly #writePending: () => Promise<void>;
  #open: Open | null = null;

  constructor(shared: Collaborators, state: PartitionState, writePending: () => Promise<void>) {
    this.#shared = shared;
    this.#state = state;
    this.#writePending = writePending;
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** The chunk that the offset belongs to; closes the one before it. */
  async chunkFor(offset: number): Promise<OpenChunk> {
    this.#open ??= await this.#openAt(offset);
    while (offset >= this.#open.chunk.end) {
      await this.#close(this.#open);
      this.#open = await this.#openAt(offset);
    }
    return this.#open.chunk;
  }

  /** Closes the open chunk when the position has reached its end. */
  async closePassed(): Promise<void> {
    if (this.#open !== null && this.#state.position >= this.#open.chunk.end) await this.#close(this.#open);
  }

  /** Makes everything read so far durable and announces it. */
  async flush(): Promise<void> {
    if (this.#open === null) return;
    const { position, durable } = this.#state;
    // Reading again what the manifest vouches for: its rows are written, under this very spec.
    if (position <= (durable?.reach ?? -1)) return this.#open.chunk.forgetChanges();
    await this.#write(this.#open, position, false);
  }

  async #openAt(offset: number): Promise<Open> {
    const { bound, place, position, passed } = this.#state;
    const spec = bound === null ? await this.#shared.specs.current() : await this.#shared.specs.bound(bound.specId);
    const { chunkSize } = spec.spec;
    // Offsets may have jumped over whole chunks: those stay unopened.
    const aligned = Math.floor(offset / chunkSize) * chunkSize;
    const chunkStart = bound?.chunkStart ?? Math.max(position, aligned);
    const open = { ...spec, chunk: new OpenChunk(spec.spec, { ...place, chunkStart }) };
    const reach = bound?.reach ?? chunkStart;
    await this.#writeManifest(open, reach, bound?.passed ?? passed, false);
    // A sub-chunk's start is where a restart must begin.
    if (bound === null) await this.#commit(chunkStart);
    return open;
  }

  async #close(open: Open): Promise<void> {
    const { end } = open.chunk;
    await this.#write(open, end, true);
    await this.#commit(end);
    this.#state.position = Math.max(this.#state.position, end);
    this.#open = null;
    this.#state.bound = null;
  }

  /**
   * Order matters: everything the manifest vouches for is written before it, the announcement follows it, and the commit
   * comes last. Each step alone is repeated until it holds; killed in between, all are done again from the chunk's start.
   */
  async #write(open: Open, reach: number, closed: boolean): Promise<void> {
    const { environment, sightings } = this.#shared;
    const { store } = environment.context;
    const stopTimer = environment.metrics.flushSeconds.startTimer();
    const { rows, losses, windows, limits } = open.chunk.changes();
    const chunk = open.chunk.identity;
    await this.#writePending();
    await sightings.note(windows, open.spec);
    const written = await environment.persist('chunk_rows', () => insertChunkRows(store, chunk, open.id, rows));
    await environment.persist('loss_rows', () => insertLosses(store, chunk, losses));
    const { passed } = this.#state;
    await this.#writeManifest(open, reach, passed, closed);
    open.chunk.forgetChanges();
    environment.metrics.rows.inc(written);
    reportChunkLimits(environment, chunk, limits);
    await this.#announce(reach, passed, windows);
    stopTimer();
  }

  async #announce(reach: number, passed: number, windows: readonly WindowKey[]): Promise<void> {
    const { topic, partition } = this.#state.place;
    this.#state.becomeDurable(reach, passed);
    const progress = this.#state.progress();
    if (progress === null) return;
    this.#shared.environment.metrics.passed.set({ topic, partition }, progress.passed / 1000);
    await this.#shared.announcer.announce([progress], windows);
  }

  async #writeManifest(open: Open, reach: number, passed: number, closed: boolean): Promise<void> {
    const { identity } = open.chunk;
    const { generation, epoch } = this.#state;
    const manifest = { ...identity, groupGeneration: generation, specId: open.id, reach, passed, closed, epoch };
    const { environment } = this.#shared;
    await environment.persist('manifest_rows', () => writeManifest(environment.context.store, manifest));
  }

  async #commit(offset: number): Promise<void> {
    const { topic, partition } = this.#state.place;
    const place: Assignment = { topic, partition };
    await this.#shared.environment.persist('committed offset', async () => {
      await this.#shared.commit(place, offset).catch((error: unknown) => {
        // Whoever has the partition now reads the manifest, which is already written.
        if (!(error instanceof StaleAssignmentError)) throw error;
      });
    });
  }
}
