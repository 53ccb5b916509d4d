import type { OpenChunk } from '../../lib/core/chunks/chunk.ts';
import { PredictionBlock } from '../../lib/core/events/block.ts';
import type { Rejection } from '../../lib/core/events/types.ts';
import { HEADERS } from '../../lib/core/messages/types.ts';
import type { LogRecord } from '../../lib/ports/log.ts';
import { deadLetter } from '../../lib/runtime/dead-letters.ts';
import { arrivalOf } from './arrival.ts';
import type { Collaborators } from './collaborators.ts';
import { publishDeadLetters, refuseRecord, reportLimit } from './dead-letters.ts';
import type { PartitionState } from './partition-state.ts';
import { Pending } from './pending.ts';
import { PoisonRun, poisonReason, runLength } from './poison-run.ts';
import { missingSchema } from './schemas.ts';

/** What evicted windows may hold before a flush: their estimated bytes, and their number, which has to be announced. */
const MAX_WAITING = { bytes: 8 * 1024 * 1024, windows: 5_000 };

/** Whether too much of the chunk waits to be written. */
export function hasToFlush(chunk: OpenChunk): boolean {
  const { bytes, windows } = chunk.waiting;
  return bytes >= MAX_WAITING.bytes || windows >= MAX_WAITING.windows;
}

/** Whether the record is the chunk's, to which `waiting` events are still to be added. */
type Holds = (record: LogRecord, waiting: number) => boolean;

/** Takes records in: counts them in the open chunk and keeps what else has to be written of them. */
export class RecordIntake {
  readonly #shared: Collaborators;
  readonly #state: PartitionState;
  /** Events read and not counted yet; empty whenever something is awaited. */
  readonly #block = new PredictionBlock();
  readonly #deadLetterLimit: number;
  /** Made with its first row: the partition's incarnation is known once it has been resumed. */
  #pending: Pending | null = null;
  /** Of the chunk: a function of its prefix, as all that is decided by it must be. */
  #run: { chunk: OpenChunk; records: PoisonRun } | null = null;

  constructor(shared: Collaborators, state: PartitionState) {
    this.#shared = shared;
    this.#state = state;
    this.#deadLetterLimit = shared.environment.context.config.aggregation.deadLetterLimit;
  }

  /** Whether it is time to `write` for memory's sake. */
  get full(): boolean {
    return this.#pending?.full ?? false;
  }

  /**
   * Why the partition must halt before the record at `offset`, or null. What the manifest vouches for has been let through
   * already, be it under another limit.
   */
  poison(chunk: OpenChunk, offset: number): string | null {
    const run = this.#runOf(chunk);
    if (run.share <= this.#deadLetterLimit || this.#state.isDurable(offset)) return null;
    return poisonReason(this.#state.place.topic, this.#state.place.partition, offset, run);
  }

  /**
   * Counts records from `first` on, or puts them aside as dead letters, while they are the chunk's and nothing has to be
   * written, decided or asked for first. The first one's schema is known. Returns the index of the first record left; takes
   * at least one.
   */
  take(chunk: OpenChunk, records: readonly LogRecord[], first: number, holds: Holds): number {
    const run = this.#runOf(chunk);
    // A record from the future must not complete windows that are not over: what was passed ends with the present.
    const present = this.#shared.environment.context.clock.now() + chunk.spec.futureSkewMs;
    let next = first;
    for (let more = true; more; ) {
      this.#read(chunk, run, records[next]!, present);
      next += 1;
      more = next < records.length && this.#isReadable(records[next]!, holds) && !this.#mustPause(chunk, run);
    }
    this.#count(chunk);
    return next;
  }

  /** Writes raw rows and dead letters; the manifest vouches for them later. */
  async write(): Promise<void> {
    await this.takePending()();
  }

  /** Takes over the raw rows and dead letters there are, and gives what writes them. */
  takePending(): () => Promise<void> {
    const taken = this.#pending?.take() ?? null;
    const { environment, writer } = this.#shared;
    return async () => {
      if (taken === null) return;
      const { predictions, labels, letters } = taken;
      await publishDeadLetters(environment, letters);
      await writer.predictions(predictions);
      await writer.labels(labels);
    };
  }

  #runOf(chunk: OpenChunk): PoisonRun {
    if (this.#run?.chunk !== chunk) this.#run = { chunk, records: new PoisonRun(runLength(chunk.spec.chunkSize)) };
    return this.#run.records;
  }

  /** Of this chunk, and by a schema that is known. */
  #isReadable(record: LogRecord, holds: Holds): boolean {
    return holds(record, this.#block.length) && missingSchema(this.#shared.environment, record) === null;
  }

  /** After what was counted last: rows that have to be written, or too many letters for going on. */
  #mustPause(chunk: OpenChunk, run: PoisonRun): boolean {
    return this.full || hasToFlush(chunk) || run.share > this.#deadLetterLimit;
  }

  #read(chunk: OpenChunk, run: PoisonRun, record: LogRecord, present: number): void {
    const { at, fromHeader } = arrivalOf(record);
    this.#state.passed = Math.max(this.#state.passed, Math.min(at, present));
    this.#state.replaying = fromHeader;
    if (HEADERS.progress in record.headers) return;
    const refused = this.#decode(chunk, record, at);
    run.add(refused !== null);
    if (refused !== null) this.#refuse(record, refused);
  }

  /** Puts the record's events into the block, or says why not. */
  #decode(chunk: OpenChunk, record: LogRecord, arrival: number): Rejection | null {
    const refused = refuseRecord(this.#shared.environment, this.#state.place, record);
    if (refused !== null) return refused;
    let outcome = this.#shared.reader.read(record.value!, record.offset, arrival, this.#block);
    if (outcome === 'full') {
      this.#count(chunk);
      outcome = this.#shared.reader.read(record.value!, record.offset, arrival, this.#block);
    }
    if (outcome === 'read') return null;
    if (outcome === 'full') throw new Error('an empty block took no event');
    reportLimit(this.#shared.environment, this.#state.place, outcome.limit);
    return outcome;
  }

  /** Counts the block's events in the chunk and keeps what else is written of them. */
  #count(chunk: OpenChunk): void {
    const block = this.#block;
    if (block.length === 0) return;
    const lost = chunk.add(block);
    const { topic, partition } = this.#state.place;
    const { losses, events } = this.#shared.environment.metrics;
    const pending = this.#pendingRows();
    let counted = 0;
    for (let row = 0; row < block.length; row++) {
      const offset = block.offsets[row]!;
      if (this.#state.isDurable(offset)) continue;
      const reason = lost.get(row);
      if (reason === undefined) {
        counted += 1;
        pending.addEvent(block, row);
      } else {
        losses.inc({ topic, partition, reason });
      }
    }
    if (counted > 0) events.inc({ topic, partition }, counted);
    block.clear();
  }

  #refuse(record: LogRecord, rejection: Rejection): void {
    if (this.#state.isDurable(record.offset)) return;
    this.#pendingRows().addLetter(deadLetter({ ...this.#state.place, offset: record.offset }, record, rejection));
  }

  #pendingRows(): Pending {
    const { predictionLog } = this.#shared.environment.context.config.aggregation;
    this.#pending ??= new Pending(this.#state.place, predictionLog);
    return this.#pending;
  }
}
