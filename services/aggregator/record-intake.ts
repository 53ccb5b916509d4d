import type { OpenChunk } from '../../lib/core/chunks/chunk.ts';
import type { Decoded, Prediction, Rejection } from '../../lib/core/events/types.ts';
import { HEADERS } from '../../lib/core/messages/types.ts';
import type { LogRecord } from '../../lib/ports/log.ts';
import { deadLetter } from '../../lib/runtime/dead-letters.ts';
import { insertLabels, insertPredictions } from '../../lib/tables/raw.ts';
import { arrivalOf } from './arrival.ts';
import type { Collaborators } from './collaborators.ts';
import { decodeRecord, publishDeadLetters } from './dead-letters.ts';
import type { PartitionState } from './partition-state.ts';
import { Pending } from './pending.ts';
import { PoisonRun, poisonReason, runLength } from './poison-run.ts';

/** Takes single records in: counts them in the open chunk and keeps what else has to be written of them. */
export class RecordIntake {
  readonly #shared: Collaborators;
  readonly #state: PartitionState;
  /** Made once, not for each record. */
  readonly #decodeValue = (value: Buffer): Decoded<Prediction> =>
    this.#shared.environment.context.codec.decodePrediction(value);
  #pending: Pending;
  /** Of the chunk: a function of its prefix, as all that is decided by it must be. */
  #run: { chunk: OpenChunk; records: PoisonRun } | null = null;

  constructor(shared: Collaborators, state: PartitionState) {
    this.#shared = shared;
    this.#state = state;
    this.#pending = this.#newPending();
  }

  /** Whether it is time to `write` for memory's sake. */
  get full(): boolean {
    return this.#pending.full;
  }

  /**
   * Why the partition must halt before the record at `offset`, or null. What the manifest vouches for has been let through
   * already, be it under another limit.
   */
  poison(chunk: OpenChunk, offset: number): string | null {
    const { deadLetterLimit } = this.#shared.environment.context.config.aggregation;
    const run = this.#runOf(chunk);
    if (run.share <= deadLetterLimit || this.#state.isDurable(offset)) return null;
    return poisonReason(this.#state.place.topic, this.#state.place.partition, offset, run);
  }

  /** Counts the record, or puts it aside as a dead letter. */
  read(chunk: OpenChunk, record: LogRecord): void {
    const { at, fromHeader } = arrivalOf(record);
    // A record from the future must not complete windows that are not over: what was passed ends with the present.
    const present = this.#shared.environment.context.clock.now() + chunk.spec.futureSkewMs;
    this.#state.passed = Math.max(this.#state.passed, Math.min(at, present));
    this.#state.replaying = fromHeader;
    if (Object.hasOwn(record.headers, HEADERS.progress)) return;
    const decoded = this.#decode(record);
    this.#runOf(chunk).add(!decoded.ok);
    if (decoded.ok) this.#count(chunk, record, decoded.value, at);
    else this.#refuse(record, decoded.rejection);
  }

  /** Writes raw rows and dead letters; the manifest vouches for them later. */
  async write(): Promise<void> {
    const { predictions, labels, letters } = this.#pending;
    this.#pending = this.#newPending();
    const { environment } = this.#shared;
    const { store } = environment.context;
    await publishDeadLetters(environment, letters);
    await environment.persist('prediction_rows', () => insertPredictions(store, predictions));
    await environment.persist('label_rows', () => insertLabels(store, labels));
  }

  #runOf(chunk: OpenChunk): PoisonRun {
    if (this.#run?.chunk !== chunk) this.#run = { chunk, records: new PoisonRun(runLength(chunk.spec.chunkSize)) };
    return this.#run.records;
  }

  #decode(record: LogRecord): Decoded<Prediction> {
    return decodeRecord(this.#shared.environment, this.#state.place, record, this.#decodeValue);
  }

  #count(chunk: OpenChunk, record: LogRecord, prediction: Prediction, arrival: number): void {
    const loss = chunk.add(prediction, { offset: record.offset, arrival });
    if (this.#state.isDurable(record.offset)) return;
    const { topic, partition } = this.#state.place;
    const { losses, events } = this.#shared.environment.metrics;
    if (loss !== null) {
      losses.inc({ topic, partition, reason: loss });
      return;
    }
    events.inc({ topic, partition });
    this.#pending.addPrediction({ ...this.#state.place, offset: record.offset }, prediction, record.value);
  }

  #refuse(record: LogRecord, rejection: Rejection): void {
    if (this.#state.isDurable(record.offset)) return;
    this.#pending.addLetter(deadLetter({ ...this.#state.place, offset: record.offset }, record, rejection));
  }

  #newPending(): Pending {
    return new Pending(this.#shared.environment.context.config.aggregation.predictionLog);
  }
}
