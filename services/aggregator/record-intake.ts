import type { OpenChunk } from '../../lib/core/chunks/chunk.ts';
import type { Decoded, Prediction, Rejection } from '../../lib/core/events/types.ts';
import { HEADERS } from '../../lib/core/messages/types.ts';
import type { LogRecord } from '../../lib/ports/log.ts';
import { insertLabels, insertPredictions } from '../../lib/tables/raw.ts';
import { arrivalOf } from './arrival.ts';
import type { Collaborators } from './collaborators.ts';
import { deadLetter, publishDeadLetters } from './dead-letters.ts';
import type { PartitionState } from './partition-state.ts';
import { Pending } from './pending.ts';

/** Takes single records in: counts them in the open chunk and keeps what else has to be written of them. */
export class RecordIntake {
  readonly #shared: Collaborators;
  readonly #state: PartitionState;
  #pending: Pending;

  constructor(shared: Collaborators, state: PartitionState) {
    this.#shared = shared;
    this.#state = state;
    this.#pending = this.#newPending();
  }

  /** Whether it is time to `write` for memory's sake. */
  get full(): boolean {
    return this.#pending.full;
  }

  /** Counts the record, or puts it aside as a dead letter. */
  read(chunk: OpenChunk, record: LogRecord): void {
    const { at, fromHeader } = arrivalOf(record);
    this.#state.passed = Math.max(this.#state.passed, at);
    this.#state.replaying = fromHeader;
    if (Object.hasOwn(record.headers, HEADERS.progress)) return;
    const decoded = this.#decode(record);
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

  #decode(record: LogRecord): Decoded<Prediction> {
    if (record.value !== null) return this.#shared.environment.context.codec.decodePrediction(record.value);
    return { ok: false, rejection: { code: 'empty', path: '', message: 'the record has no value' } };
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
    this.#pending.addLetter(deadLetter({ ...this.#state.place, offset: record.offset }, record, rejection), record);
  }

  #newPending(): Pending {
    return new Pending(this.#shared.environment.context.config.aggregation.predictionLog);
  }
}
