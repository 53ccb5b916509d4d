import { OpenChunk } from '../../lib/core/chunks/chunk.ts';
import type { WindowKey } from '../../lib/core/chunks/types.ts';
import { type Assignment, type LogRecord, StaleAssignmentError } from '../../lib/ports/log.ts';
import { insertChunkRows } from '../../lib/tables/chunk-rows.ts';
import { insertLosses } from '../../lib/tables/losses.ts';
import { type Manifest, writeManifest } from '../../lib/tables/manifests.ts';
import { checkStillOwned } from './claim.ts';
import type { Collaborators } from './collaborators.ts';
import { reportChunkLimits } from './limits.ts';
import type { PartitionState } from './partition-state.ts';
import type { StoredSpec } from './spec-source.ts';

interface Open extends StoredSpec {
  chunk: OpenChunk;
  /** Log timestamp of the first record read in it, ms: retention takes that one first. */
  since: number;
}

type Durability = Pick<Manifest, 'reach' | 'passed' | 'replaying'>;

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

  /** The open chunk's start, and the log timestamp of its first record, ms; null where none is open. */
  get open(): { start: number; since: number } | null {
    return this.#open === null ? null : { start: this.#open.chunk.identity.chunkStart, since: this.#open.since };
  }

  /** Whether the record belongs to the open chunk. */
  holds(record: LogRecord): boolean {
    return this.#open !== null && record.offset < this.#open.chunk.end && !isTooOld(this.#open, record);
  }

  /** The chunk that the record belongs to; closes the one before it. */
  async chunkFor(record: LogRecord): Promise<OpenChunk> {
    if (this.#open !== null && record.offset >= this.#open.chunk.end) await this.#close(this.#open);
    else if (this.#open !== null && isTooOld(this.#open, record)) await this.#close(this.#open, record.offset);
    this.#open ??= await this.#openAt(record);
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

  async #openAt({ offset, timestamp }: LogRecord): Promise<Open> {
    const { bound, place, position, passed, replaying } = this.#state;
    const spec = await this.#specAt(offset);
    const { chunkSize } = spec.spec;
    // Offsets may have jumped over whole chunks: those stay unopened.
    const aligned = Math.floor(offset / chunkSize) * chunkSize;
    const chunkStart = bound?.chunkStart ?? Math.max(position, aligned);
    const chunk = new OpenChunk(spec.spec, { ...place, chunkStart }, this.#shared.caps);
    chunk.passOverLosses(this.#state.declaredLosses);
    const open = { ...spec, chunk, since: timestamp };
    await this.#writeManifest(open, bound ?? { reach: chunkStart, passed, replaying }, false);
    await checkStillOwned(this.#shared.environment, this.#state);
    // A sub-chunk's start is where a restart must begin; and where somebody has set the offset, this puts it right.
    await this.#commit(chunkStart);
    return open;
  }

  #specAt(offset: number): Promise<StoredSpec> {
    const { bound, inherited } = this.#state;
    const { specs } = this.#shared;
    if (bound !== null) return specs.bound(bound.specId);
    return inherited !== null && offset < inherited.until ? specs.bound(inherited.specId) : specs.current();
  }

  /** `end`: the first offset of the next chunk. */
  async #close(open: Open, end = open.chunk.end): Promise<void> {
    await this.#write(open, end, true);
    await this.#commit(end);
    this.#state.position = Math.max(this.#state.position, end);
    this.#open = null;
    this.#state.bound = null;
    this.#state.inherited = null;
  }

  /**
   * Order matters: everything the manifest vouches for is written before it, the announcement follows it, and the commit
   * comes last. Each step alone is repeated until it holds; killed in between, all are done again from the chunk's start.
   */
  async #write(open: Open, reach: number, closed: boolean): Promise<void> {
    const { environment, sightings } = this.#shared;
    const { store } = environment.context;
    const stopTimer = environment.metrics.flushSeconds.startTimer();
    const { rows, losses, windows, rewrites, limits } = open.chunk.changes();
    const chunk = open.chunk.identity;
    await this.#tellReplay(chunk.chunkStart);
    await this.#writePending();
    await sightings.note(windows, open.spec);
    // Before the rows: a sub-chunk begins behind the rows, so that what lies below has to be declared by then.
    await environment.persist('loss_rows', () => insertLosses(store, chunk, losses));
    const written = await environment.persist('chunk_rows', () => insertChunkRows(store, chunk, open.id, rows));
    const { passed, replaying } = this.#state;
    await this.#writeManifest(open, { reach, passed, replaying }, closed);
    open.chunk.forgetChanges();
    environment.metrics.rows.inc(written);
    environment.metrics.rewrites.inc(rewrites);
    reportChunkLimits(environment, chunk, limits);
    await this.#announce({ reach, passed, replaying }, windows);
    stopTimer();
  }

  async #tellReplay(chunkStart: number): Promise<void> {
    const begins = this.#state.replayBegins(chunkStart);
    if (begins !== null) await this.#shared.announcer.announce([begins]);
  }

  async #announce(durable: Durability, windows: readonly WindowKey[]): Promise<void> {
    const { topic, partition } = this.#state.place;
    this.#state.becomeDurable(durable);
    const progress = this.#state.progress();
    if (progress === null) return;
    this.#shared.environment.metrics.passed.set({ topic, partition }, progress.passed / 1000);
    await this.#shared.announcer.announce([progress], windows);
  }

  async #writeManifest(open: Open, durable: Durability, closed: boolean): Promise<void> {
    const { reach, passed, replaying } = durable;
    const { generation, epoch } = this.#state;
    const bound = { ...open.chunk.identity, groupGeneration: generation, specId: open.id };
    const manifest = { ...bound, reach, passed, closed, replaying, epoch };
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

/** A function of the chunk's own records, so that everybody who reads them ends it at the same one. */
function isTooOld({ spec, since }: Open, { timestamp }: LogRecord): boolean {
  return spec.chunkAgeMs !== undefined && timestamp - since > spec.chunkAgeMs;
}
