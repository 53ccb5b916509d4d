import type { ProgressMessage } from '../../lib/core/messages/types.ts';
import { type Batch, type LogRecord, PartitionHaltError, type Position, type Truncation } from '../../lib/ports/log.ts';
import { ChunkLedger } from './chunk-ledger.ts';
import type { Collaborators } from './collaborators.ts';
import { declareGap, gapBefore } from './gaps.ts';
import { PartitionState, type Place } from './partition-state.ts';
import { hasToFlush, RecordIntake } from './record-intake.ts';
import { resume } from './resume.ts';
import { prepareSchema } from './schemas.ts';
import type { Start } from './start.ts';

/**
 * Flush intervals from one flush to the next while more is left to read than was read since the last one: nobody looks at
 * windows that the next seconds change again, and making their rows would slow the catching up.
 */
const CATCHING_UP = 5;

/**
 * One assigned partition of `driftline.predictions`: reads it from the start of its open chunk and keeps the ledger's rows
 * of that chunk equal to the prefix read. Calls must not overlap (see Serial).
 */
export class PredictionPartition {
  readonly #shared: Collaborators;
  readonly #state: PartitionState;
  readonly #intake: RecordIntake;
  readonly #ledger: ChunkLedger;
  #lastFlush = 0;
  /** The position at the last flush. */
  #flushed = 0;
  /** Records between the position and the end of the log, as of the last fetch. */
  #left = 0;
  /** When a record last came in, by the clock; idleness is counted from here. */
  lastRead: number;

  constructor(shared: Collaborators, place: Place, generation: number) {
    this.#shared = shared;
    this.#state = new PartitionState(place, generation);
    this.#intake = new RecordIntake(shared, this.#state);
    this.#ledger = new ChunkLedger(shared, this.#state, () => this.#intake.takePending());
    this.lastRead = shared.environment.context.clock.now();
  }

  get #context() {
    return this.#shared.environment.context;
  }

  get position(): number {
    return this.#state.position;
  }

  /** The open chunk's start and the log timestamp of its first record, ms; `done`: nothing of it waits to be written. */
  get openChunk(): { start: number; since: number; done: boolean } | null {
    const { open } = this.#ledger;
    return open === null ? null : { ...open, done: this.#state.durable?.reach === this.#state.position };
  }

  /** Everything read is durable, and the last record was not a replay's: only then may idleness complete windows. */
  get idleCandidate(): boolean {
    const { replaying, durable, position, bound, halted } = this.#state;
    if (replaying !== false || halted || this.#ledger.isWriting) return false;
    if (durable === null) return this.#ledger.open === null;
    if (durable.reach === position) return true;
    // Behind a closed chunk there may be transaction markers, which open none.
    return this.#ledger.open === null && bound === null && durable.reach < position;
  }

  /** Decides where to read from and takes up what the manifest knows. */
  start(committed: number | null): Promise<Start> {
    return resume(this.#shared, this.#state, committed);
  }

  /** Takes in a batch; returns once it is counted and, where a chunk ended or memory asks for it, durable. */
  async read(batch: Batch): Promise<void> {
    this.lastRead = this.#context.clock.now();
    await this.#noticeGap(batch.records[0]!.offset);
    for (let next = 0; next < batch.records.length; ) next = await this.#take(batch.records, next);
    const { leaderEpoch } = batch;
    if (leaderEpoch !== undefined) this.#state.epoch = { leaderEpoch, reach: this.#state.position };
    await this.pass(batch);
    const sinceFlush = this.#context.clock.now() - this.#lastFlush;
    if (sinceFlush >= this.#context.config.aggregation.flushIntervalMs) await this.flushBehind();
  }

  /** Counts records from `first` on as long as nothing has to be written or decided; returns the first one left. */
  async #take(records: readonly LogRecord[], first: number): Promise<number> {
    const chunk = await this.#ledger.chunkFor(records[first]!);
    const poison = this.#intake.poison(chunk, records[first]!.offset);
    if (poison !== null) await this.#halt(poison);
    await prepareSchema(this.#shared.environment, records[first]!, () => this.flush());
    const next = this.#intake.take(chunk, records, first, (record, waiting) => this.#ledger.holds(record, waiting));
    this.#state.position = records[next - 1]!.offset + 1;
    if (this.#intake.full) await this.#intake.write();
    if (hasToFlush(chunk)) await this.flush();
    return next;
  }

  /** Goes on to where no record is left to read before (transaction markers, aborted records). */
  async pass({ nextOffset, endOffset }: Position): Promise<void> {
    this.#state.position = Math.max(this.#state.position, nextOffset);
    await this.#ledger.closePassed();
    const { topic, partition } = this.#state.place;
    this.#left = Math.max(0, endOffset - this.#state.position);
    this.#shared.environment.metrics.lag.set({ topic, partition }, this.#left);
  }

  /** It was lost, and what there was time for is done. */
  giveUp(): void {
    this.#state.givenUp = true;
  }

  /** What is in memory and not durable yet is void: the log lost it. Nothing may be flushed after this. */
  async loseFrom({ offset, position }: Truncation): Promise<void> {
    // What it writes must be known before the start is decided anew.
    await this.#ledger.settled();
    const end = Math.max(position, this.#state.position);
    const gap = { reason: 'log_truncated', first: offset, end };
    if (end > offset) await declareGap(this.#shared.environment, this.#state.place, gap);
  }

  /** Makes everything read so far durable and announces it. */
  async flush(): Promise<void> {
    await this.#ledger.flush();
    this.#noteFlush();
  }

  /** The same while reading goes on; see ChunkLedger. Less often while the end of the log is far. */
  async flushBehind(): Promise<void> {
    const { clock, config } = this.#context;
    const isFar = this.#left > this.#state.position - this.#flushed;
    if (isFar && clock.now() - this.#lastFlush < CATCHING_UP * config.aggregation.flushIntervalMs) return;
    await this.#ledger.flushBehind();
    this.#noteFlush();
  }

  #noteFlush(): void {
    this.#lastFlush = this.#context.clock.now();
    this.#flushed = this.#state.position;
  }

  /** What detectors may be told, repeated now and then for those that have restarted. null before the first chunk. */
  progress(idleSince?: number): ProgressMessage | null {
    return this.#state.progress(idleSince);
  }

  /** Retention may overtake a slow reader: what it took is declared, behind what is durable by then. */
  async #noticeGap(first: number): Promise<void> {
    const { position, place } = this.#state;
    const { environment } = this.#shared;
    const gap = await gapBefore(environment, place, position, first);
    if (gap === null) return;
    // A restart would declare what was read but not written as well, from another offset on.
    await this.#ledger.flush();
    await declareGap(environment, place, gap);
    this.#state.position = gap.end;
  }

  /** All before the halt is written, so that reading it again diverts nothing twice. */
  async #halt(reason: string): Promise<never> {
    await this.flush();
    this.#state.halted = true;
    throw new PartitionHaltError(reason);
  }
}
