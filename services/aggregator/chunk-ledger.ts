import { OpenChunk } from '../../lib/core/chunks/chunk.ts';
import type { AggregationSpec } from '../../lib/core/chunks/spec.ts';
import type { ChunkChanges, WindowKey } from '../../lib/core/chunks/types.ts';
import type { ProgressMessage } from '../../lib/core/messages/types.ts';
import { type Assignment, type LogRecord, StaleAssignmentError } from '../../lib/ports/log.ts';
import { ChunkInsert } from '../../lib/tables/chunk-rows.ts';
import { insertLosses } from '../../lib/tables/losses.ts';
import type { Manifest } from '../../lib/tables/manifests.ts';
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

/** What one flush writes. */
interface Flush {
  chunk: OpenChunk;
  spec: AggregationSpec;
  insert: ChunkInsert;
  changes: Omit<ChunkChanges, 'rows'>;
  manifest: Manifest;
  /** What detectors must hear before the rows are there. */
  replay: ProgressMessage | null;
  writePending: () => Promise<void>;
}

/** Events of a chunk as a multiple of its offsets: more, and what has to be read again or merged would have no bound. */
const EVENTS_PER_OFFSET = 2;

type Durability = Pick<Manifest, 'reach' | 'passed' | 'replaying'>;

/** The partition's open chunk, and the ledger's rows of it: opens, flushes, closes and commits. */
export class ChunkLedger {
  readonly #shared: Collaborators;
  readonly #state: PartitionState;
  /** Takes over what else the manifest is to vouch for, and gives what writes it. */
  readonly #takePending: () => () => Promise<void>;
  #open: Open | null = null;
  /** What is being written, step by step, while reading goes on; never rejects. */
  #behind: Promise<void> | null = null;
  /** Why that ended for good: nothing more may be written. */
  #failed: { error: unknown } | null = null;

  constructor(shared: Collaborators, state: PartitionState, takePending: () => () => Promise<void>) {
    this.#shared = shared;
    this.#state = state;
    this.#takePending = takePending;
  }

  /** The open chunk's start, and the log timestamp of its first record, ms; null where none is open. */
  get open(): { start: number; since: number } | null {
    return this.#open === null ? null : { start: this.#open.chunk.identity.chunkStart, since: this.#open.since };
  }

  /** Whether the record belongs to the open chunk, to which `waiting` events are still to be added. */
  holds(record: LogRecord, waiting: number): boolean {
    return this.#open !== null && record.offset < this.#open.chunk.end && !endsBefore(this.#open, record, waiting);
  }

  /** Whether something of what was read is being written. */
  get isWriting(): boolean {
    return this.#behind !== null;
  }

  /** The chunk that the record belongs to; closes the one before it. */
  async chunkFor(record: LogRecord): Promise<OpenChunk> {
    this.#throwIfFailed();
    if (this.#open !== null && record.offset >= this.#open.chunk.end) await this.#close(this.#open);
    else if (this.#open !== null && endsBefore(this.#open, record)) await this.#close(this.#open, record.offset);
    this.#open ??= await this.#openAt(record);
    return this.#open.chunk;
  }

  /** Closes the open chunk when the position has reached its end. */
  async closePassed(): Promise<void> {
    if (this.#open !== null && this.#state.position >= this.#open.chunk.end) await this.#close(this.#open);
  }

  /** Makes everything read so far durable and announces it. */
  async flush(): Promise<void> {
    await this.#previous();
    if (this.#open === null || this.#isWritten(this.#open)) return;
    const flush = this.#begin(this.#open, this.#state.position, false);
    await this.#write(flush);
    flush.chunk.forgetChanges();
  }

  /**
   * The same without waiting for the store: reading goes on while what was read so far is written. Does nothing while the
   * last flush is still being written, and waits where a copy of the rows would be large.
   */
  async flushBehind(): Promise<void> {
    this.#throwIfFailed();
    if (this.#behind !== null || this.#open === null || this.#isWritten(this.#open)) return;
    const { chunk } = this.#open;
    if (!this.#mayCopy(chunk)) return this.flush();
    const flush = this.#begin(this.#open, this.#state.position, false);
    await flush.insert.hold();
    chunk.forgetChanges();
    this.#writeBehind(() => this.#write(flush));
  }

  /** Resolves when nothing is being written behind the reading, be it that it failed. */
  async settled(): Promise<void> {
    while (this.#behind !== null) await this.#behind;
  }

  /** The same; rejects where it failed. */
  async #previous(): Promise<void> {
    await this.settled();
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    if (this.#failed !== null) throw this.#failed.error;
  }

  /** Whether the chunk's rows are few enough to be copied, so that reading goes on while they are written. */
  #mayCopy(chunk: OpenChunk): boolean {
    return chunk.liveBytes + chunk.waiting.bytes < this.#shared.copiedBytes;
  }

  /** Does it behind the reading, after what is being done there. */
  #writeBehind(task: () => Promise<void>): void {
    const running = (this.#behind ?? Promise.resolve())
      .then(() => (this.#failed === null ? task() : undefined))
      .catch((error: unknown) => {
        this.#failed ??= { error };
        this.#open = null;
      })
      .finally(() => {
        if (this.#behind === running) this.#behind = null;
      });
    this.#behind = running;
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
    const manifest = this.#manifestOf(open, bound ?? { reach: chunkStart, passed, replaying }, false);
    // While the chunk before it is still being closed its records are counted already; none of its rows is written before this.
    if (this.#behind !== null) this.#writeBehind(() => this.#announceOpening(manifest));
    else await this.#announceOpening(manifest);
    return open;
  }

  /** The chunk exists from its first manifest on. */
  async #announceOpening(manifest: Manifest): Promise<void> {
    await this.#shared.writer.manifest(manifest);
    await checkStillOwned(this.#shared.environment, this.#state);
    // A sub-chunk's start is where a restart must begin; and where somebody has set the offset, this puts it right.
    await this.#commit(manifest.chunkStart);
  }

  #specAt(offset: number): Promise<StoredSpec> {
    const { bound, inherited } = this.#state;
    const { specs } = this.#shared;
    if (bound !== null) return specs.bound(bound.specId);
    return inherited !== null && offset < inherited.until ? specs.bound(inherited.specId) : specs.current();
  }

  /** `end`: the first offset of the next chunk. Written behind the reading where its rows may be copied. */
  async #close(open: Open, end = open.chunk.end): Promise<void> {
    await this.#previous();
    const flush = this.#begin(open, end, true);
    const write = async (): Promise<void> => {
      await this.#write(flush);
      await this.#commit(end);
    };
    if (this.#mayCopy(open.chunk)) {
      await flush.insert.hold();
      this.#writeBehind(write);
    } else {
      await write();
    }
    this.#state.position = Math.max(this.#state.position, end);
    this.#open = null;
    this.#state.bound = null;
    this.#state.inherited = null;
  }

  /** Reading again what the manifest vouches for: its rows are written, under this very spec. */
  #isWritten({ chunk }: Open): boolean {
    const { position, durable } = this.#state;
    if (position > (durable?.reach ?? -1)) return false;
    chunk.forgetChanges();
    return true;
  }

  /** What a flush up to `reach` has to write, as of now. Its rows are those of the chunk until more is added to it. */
  #begin(open: Open, reach: number, closed: boolean): Flush {
    const { rows, ...changes } = open.chunk.changes();
    const { identity } = open.chunk;
    const { passed, replaying } = this.#state;
    return {
      chunk: open.chunk,
      spec: open.spec,
      insert: new ChunkInsert(identity, open.id, rows),
      changes,
      manifest: this.#manifestOf(open, { reach, passed, replaying }, closed),
      replay: this.#state.replayBegins(identity.chunkStart),
      writePending: this.#takePending(),
    };
  }

  /**
   * Order matters: everything the manifest vouches for is written before it, the announcement follows it, and the commit
   * comes last. Each step alone is repeated until it holds; killed in between, all are done again from the chunk's start.
   */
  async #write({ chunk, spec, insert, changes, manifest, replay, writePending }: Flush): Promise<void> {
    const { environment, sightings, writer, announcer } = this.#shared;
    const { store } = environment.context;
    const stopTimer = environment.metrics.flushSeconds.startTimer();
    if (replay !== null) await announcer.announce([replay]);
    await writePending();
    await sightings.note(changes.windows, spec);
    // Before the rows: a sub-chunk begins behind the rows, so that what lies below has to be declared by then.
    await environment.persist('loss_rows', () => insertLosses(store, chunk.identity, changes.losses));
    await writer.rows(insert);
    await writer.manifest(manifest);
    environment.metrics.rows.inc(insert.rows);
    environment.metrics.rewrites.inc(changes.rewrites);
    reportChunkLimits(environment, chunk.identity, changes.limits);
    await this.#announce(manifest, changes.windows);
    stopTimer();
  }

  async #announce(durable: Durability, windows: readonly WindowKey[]): Promise<void> {
    const { topic, partition } = this.#state.place;
    this.#state.becomeDurable(durable);
    const progress = this.#state.progress();
    if (progress === null) return;
    this.#shared.environment.metrics.passed.set({ topic, partition }, progress.passed / 1000);
    await this.#shared.announcer.announce([progress], windows);
  }

  #manifestOf(open: Open, { reach, passed, replaying }: Durability, closed: boolean): Manifest {
    const { generation, epoch } = this.#state;
    const bound = { ...open.chunk.identity, groupGeneration: generation, specId: open.id };
    return { ...bound, reach, passed, closed, replaying, epoch };
  }

  async #commit(offset: number): Promise<void> {
    if (this.#state.givenUp) return;
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

/**
 * Whether the chunk ends before the record, though it has offsets left: by its age, or by its events where records bring
 * many. A function of the chunk's own records, so that everybody who reads them ends it at the same one.
 */
function endsBefore({ chunk, spec, since }: Open, { timestamp }: LogRecord, waiting = 0): boolean {
  if (chunk.events + waiting >= EVENTS_PER_OFFSET * spec.chunkSize) return true;
  return spec.chunkAgeMs !== undefined && timestamp - since > spec.chunkAgeMs;
}
