import { OpenChunk } from '../../lib/core/chunks/chunk.ts';
import type { ChunkIdentity, WindowKey } from '../../lib/core/chunks/types.ts';
import type { Decoded, Prediction, Rejection } from '../../lib/core/events/types.ts';
import { HEADERS, type ProgressMessage } from '../../lib/core/messages/types.ts';
import {
  type Assignment,
  type Batch,
  type LogRecord,
  type PartitionOffsets,
  type Position,
  StaleAssignmentError,
} from '../../lib/ports/log.ts';
import { coveredUntil, insertChunkRows } from '../../lib/tables/chunk-rows.ts';
import { insertLosses } from '../../lib/tables/losses.ts';
import { loadHistory, type Manifest, writeManifest } from '../../lib/tables/manifests.ts';
import { insertLabels, insertPredictions } from '../../lib/tables/raw.ts';
import { arrivalOf } from './arrival.ts';
import type { Collaborators } from './collaborators.ts';
import { deadLetter, publishDeadLetters } from './dead-letters.ts';
import { Pending } from './pending.ts';
import type { StoredSpec } from './spec-source.ts';
import { decideStart, type Gap, type Start } from './start.ts';

/** Rows of evicted windows that may wait for a flush. */
const MAX_WAITING_ROWS = 5_000;

interface Open extends StoredSpec {
  chunk: OpenChunk;
}

/** How far the partition's rows are durable: what may be announced and, at a chunk's start, committed. */
interface Durable {
  reach: number;
  passed: number;
}

/**
 * One assigned partition of `driftline.predictions`: reads it from the start of its open chunk and keeps the ledger's rows
 * of that chunk equal to the prefix read. Calls must not overlap (see Serial).
 */
export class PredictionPartition {
  readonly #shared: Collaborators;
  readonly #place: Omit<ChunkIdentity, 'chunkStart'>;
  readonly #generation: number;
  /** The last chunk as the manifest has it, until its records were read again. */
  #bound: Manifest | null = null;
  #open: Open | null = null;
  #pending: Pending;
  #position = 0;
  #passed = -1;
  #durable: Durable | null = null;
  #lastFlush = 0;
  /** When a record last came in, by the clock; idleness is counted from here. */
  lastRead: number;
  /** Whether the last record is part of a replay; null: unknown. */
  #replaying: boolean | null = false;

  constructor(shared: Collaborators, place: Omit<ChunkIdentity, 'chunkStart'>, generation: number) {
    this.#shared = shared;
    this.#place = place;
    this.#generation = generation;
    this.#pending = this.#newPending();
    this.lastRead = shared.environment.context.clock.now();
  }

  get #context() {
    return this.#shared.environment.context;
  }

  get position(): number {
    return this.#position;
  }

  /** Everything read is durable, and the last record was not a replay's: only then may idleness complete windows. */
  get idleCandidate(): boolean {
    if (this.#replaying !== false) return false;
    // Behind a closed chunk there may be transaction markers, which open none.
    return this.#durable === null || this.#durable.reach === this.#position || this.#isBehindClosed(this.#durable);
  }

  #isBehindClosed({ reach }: Durable): boolean {
    return this.#open === null && this.#bound === null && reach < this.#position;
  }

  /** Decides where to read from and takes up what the manifest knows. */
  async start(committed: number | null): Promise<Start> {
    const { topic, incarnation, partition } = this.#place;
    const { store } = this.#context;
    const history = await this.#persist('manifest_rows', () => loadHistory(store, topic, incarnation, partition));
    const offsets = await this.#offsets();
    const last = history.last;
    if (last === null) return this.#begin(decideStart({ history, chunkSize: 1, coveredUntil: 0, committed, offsets }));
    const { spec } = await this.#shared.specs.bound(last.specId);
    const covered = await this.#persist('chunk_rows', () => coveredUntil(store, last, last.specId));
    const facts = { history, chunkSize: spec.chunkSize, coveredUntil: covered, committed, offsets };
    this.#passed = last.passed;
    this.#durable = { reach: last.reach, passed: last.passed };
    // Whether the last record before the start was a replay's is not written anywhere; reading the chunk again tells.
    this.#replaying = null;
    return this.#begin(decideStart(facts), { ...last, reach: Math.max(last.reach, covered) });
  }

  async #begin(start: Start, last: Manifest | null = null): Promise<Start> {
    if (start.kind === 'halt') return start;
    this.#position = start.offset;
    if (start.kind === 'reopen') {
      this.#bound = last === null ? null : { ...last, reach: this.#durable!.reach };
      return start;
    }
    if (last !== null) {
      // The chunk that a sub-chunk follows: its rows may reach further than its manifest says, where a flush was cut off.
      if (!last.closed) await this.#persist('manifest_rows', () => writeManifest(this.#context.store, last));
      this.#durable = { reach: start.offset, passed: last.passed };
    }
    if (start.gap !== null) await this.#declareGap(start.gap);
    return start;
  }

  async #offsets(): Promise<PartitionOffsets> {
    const { topic, partition } = this.#place;
    return this.#persist('offsets', async () => {
      const found = (await this.#context.log.offsets(topic)).find((offsets) => offsets.partition === partition);
      if (found === undefined) throw new Error(`${topic} has no partition ${partition}`);
      return found;
    });
  }

  #persist<T>(what: string, task: () => Promise<T>): Promise<T> {
    return this.#shared.environment.persist(what, task);
  }

  /** Takes in a batch; returns once it is counted and, where a chunk ended or memory asks for it, durable. */
  async read(batch: Batch): Promise<void> {
    this.lastRead = this.#context.clock.now();
    await this.#noticeGap(batch.records[0]!.offset);
    for (const record of batch.records) {
      const chunk = await this.#chunkFor(record.offset);
      this.#readRecord(chunk, record);
      this.#position = record.offset + 1;
      if (this.#pending.full) await this.#writePending();
      if (chunk.waitingRows >= MAX_WAITING_ROWS) await this.flush();
    }
    await this.pass(batch);
    if (this.#context.clock.now() - this.#lastFlush >= this.#context.config.aggregation.flushIntervalMs)
      await this.flush();
  }

  /** Goes on to where no record is left to read before (transaction markers, aborted records). */
  async pass({ nextOffset, endOffset }: Position): Promise<void> {
    this.#position = Math.max(this.#position, nextOffset);
    if (this.#open !== null && this.#position >= this.#open.chunk.end) await this.#close();
    const { topic, partition } = this.#place;
    this.#shared.environment.metrics.lag.set({ topic, partition }, Math.max(0, endOffset - this.#position));
  }

  /** Makes everything read so far durable and announces it. */
  async flush(): Promise<void> {
    if (this.#open === null) return;
    // Reading again what the manifest vouches for: its rows are written, under this very spec.
    if (this.#position <= (this.#durable?.reach ?? -1)) return this.#open.chunk.forgetChanges();
    await this.#write(this.#open, this.#position, false);
  }

  /** What detectors may be told, repeated now and then for those that have restarted. null before the first chunk. */
  progress(idleSince?: number): ProgressMessage | null {
    if (this.#durable === null && idleSince === undefined) return null;
    const { reach, passed } = this.#durable ?? { reach: this.#position, passed: -1 };
    if (idleSince !== undefined) this.#durable = { reach, passed: Math.max(passed, idleSince) };
    return { kind: 'progress', ...this.#place, reach, passed: this.#durable?.passed ?? passed };
  }

  #readRecord(chunk: OpenChunk, record: LogRecord): void {
    const { at, fromHeader } = arrivalOf(record);
    this.#passed = Math.max(this.#passed, at);
    this.#replaying = fromHeader;
    if (Object.hasOwn(record.headers, HEADERS.progress)) return;
    const decoded = this.#decode(record);
    if (!decoded.ok) {
      this.#refuse(record, decoded.rejection);
      return;
    }
    const loss = chunk.add(decoded.value, { offset: record.offset, arrival: at });
    if (this.#isDurable(record.offset)) return;
    const { topic, partition } = this.#place;
    const { losses, events } = this.#shared.environment.metrics;
    if (loss !== null) {
      losses.inc({ topic, partition, reason: loss });
      return;
    }
    events.inc({ topic, partition });
    this.#pending.addPrediction({ ...this.#place, offset: record.offset }, decoded.value, record.value);
  }

  #decode(record: LogRecord): Decoded<Prediction> {
    if (record.value !== null) return this.#context.codec.decodePrediction(record.value);
    return { ok: false, rejection: { code: 'empty', path: '', message: 'the record has no value' } };
  }

  #refuse(record: LogRecord, rejection: Rejection): void {
    if (this.#isDurable(record.offset)) return;
    this.#pending.addLetter(deadLetter({ ...this.#place, offset: record.offset }, record, rejection), record);
  }

  /** Whether an earlier flush covered the offset: its raw row or dead letter was written before the manifest said so. */
  #isDurable(offset: number): boolean {
    return this.#bound !== null && offset < this.#bound.reach;
  }

  async #chunkFor(offset: number): Promise<OpenChunk> {
    this.#open ??= await this.#openAt(offset);
    while (offset >= this.#open.chunk.end) {
      await this.#close();
      this.#open = await this.#openAt(offset);
    }
    return this.#open.chunk;
  }

  async #openAt(offset: number): Promise<Open> {
    const bound = this.#bound;
    const spec = bound === null ? await this.#shared.specs.current() : await this.#shared.specs.bound(bound.specId);
    const { chunkSize } = spec.spec;
    // Offsets may have jumped over whole chunks: those stay unopened.
    const aligned = Math.floor(offset / chunkSize) * chunkSize;
    const chunkStart = bound?.chunkStart ?? Math.max(this.#position, aligned);
    const open = { ...spec, chunk: new OpenChunk(spec.spec, { ...this.#place, chunkStart }) };
    const reach = bound?.reach ?? chunkStart;
    await this.#writeManifest(open, reach, bound?.passed ?? this.#passed, false);
    // A sub-chunk's start is where a restart must begin.
    if (bound === null) await this.#commit(chunkStart);
    return open;
  }

  async #close(): Promise<void> {
    const open = this.#open!;
    await this.#write(open, open.chunk.end, true);
    await this.#commit(open.chunk.end);
    this.#position = Math.max(this.#position, open.chunk.end);
    this.#open = null;
    this.#bound = null;
  }

  /**
   * Order matters: everything the manifest vouches for is written before it, the announcement follows it, and the commit
   * comes last. Each step alone is repeated until it holds; killed in between, all are done again from the chunk's start.
   */
  async #write(open: Open, reach: number, closed: boolean): Promise<void> {
    const { environment, sightings } = this.#shared;
    const { store } = this.#context;
    const stopTimer = environment.metrics.flushSeconds.startTimer();
    const { rows, losses, windows } = open.chunk.changes();
    const chunk = open.chunk.identity;
    await this.#writePending();
    await sightings.note(windows, open.spec);
    await environment.persist('chunk_rows', () => insertChunkRows(store, chunk, open.id, rows));
    await environment.persist('loss_rows', () => insertLosses(store, chunk, losses));
    const passed = this.#passed;
    await this.#writeManifest(open, reach, passed, closed);
    environment.metrics.rows.inc(rows.length);
    await this.#becomeDurable(reach, passed, windows);
    stopTimer();
  }

  /** Raw rows and dead letters, before memory is short of them: the manifest vouches for them later. */
  async #writePending(): Promise<void> {
    const { predictions, labels, letters } = this.#pending;
    this.#pending = this.#newPending();
    const { store } = this.#context;
    await publishDeadLetters(this.#shared.environment, letters);
    await this.#persist('prediction_rows', () => insertPredictions(store, predictions));
    await this.#persist('label_rows', () => insertLabels(store, labels));
  }

  async #becomeDurable(reach: number, passed: number, windows: readonly WindowKey[]): Promise<void> {
    const { topic, partition } = this.#place;
    // An idle partition may have been announced at a later time already: what was passed stays passed.
    this.#durable = { reach, passed: Math.max(passed, this.#durable?.passed ?? -1) };
    this.#shared.environment.metrics.passed.set({ topic, partition }, this.#durable.passed / 1000);
    const progress = this.progress();
    if (progress !== null) await this.#shared.announcer.announce([progress], windows);
    this.#lastFlush = this.#context.clock.now();
  }

  async #writeManifest(open: Open, reach: number, passed: number, closed: boolean): Promise<void> {
    const manifest = {
      ...open.chunk.identity,
      groupGeneration: this.#generation,
      specId: open.id,
      reach,
      passed,
      closed,
    };
    await this.#persist('manifest_rows', () => writeManifest(this.#context.store, manifest));
  }

  async #commit(offset: number): Promise<void> {
    const place: Assignment = { topic: this.#place.topic, partition: this.#place.partition };
    await this.#persist('committed offset', async () => {
      await this.#shared.commit(place, offset).catch((error: unknown) => {
        // Whoever has the partition now reads the manifest, which is already written.
        if (!(error instanceof StaleAssignmentError)) throw error;
      });
    });
  }

  /** Retention may overtake a slow reader: what it took is declared. Other holes (control records) lose nothing. */
  async #noticeGap(first: number): Promise<void> {
    if (first <= this.#position) return;
    const end = Math.min(first, (await this.#offsets()).beginning);
    if (end > this.#position) await this.#declareGap({ reason: 'log_trimmed', first: this.#position, end });
  }

  async #declareGap({ reason, first, end }: Gap): Promise<void> {
    const loss = { reason, firstOffset: first, lastOffset: end - 1, events: end - first };
    this.#context.logger.error({ ...this.#place, ...loss }, `offsets ${first} to ${end - 1} cannot be read: ${reason}`);
    const identity = { ...this.#place, chunkStart: first };
    await this.#persist('loss_rows', () => insertLosses(this.#context.store, identity, [loss]));
  }

  #newPending(): Pending {
    return new Pending(this.#context.config.aggregation.predictionLog);
  }
}
