import type { Decoded, Label } from '../../lib/core/events/types.ts';
import { HEADERS } from '../../lib/core/messages/types.ts';
import type { DeadLetter } from '../../lib/ports/codec.ts';
import {
  type Batch,
  type LogRecord,
  PartitionHaltError,
  type Position,
  StaleAssignmentError,
} from '../../lib/ports/log.ts';
import { deadLetter } from '../../lib/runtime/dead-letters.ts';
import { isNewIncarnation, LabelRows } from '../../lib/tables/raw.ts';
import { arrivalOf } from './arrival.ts';
import type { Collaborators } from './collaborators.ts';
import { decodeRecord, publishDeadLetters } from './dead-letters.ts';
import { declareGap, gapBefore, partitionOffsets } from './gaps.ts';
import type { Place } from './partition-state.ts';
import { PoisonRun, poisonReason, RUN } from './poison-run.ts';
import { missingSchema, prepareSchema } from './schemas.ts';

/** Records read again before the committed offset, for the run that decides on a halt; every other may be a marker. */
const LOOK_BACK = 2 * RUN;

/** One assigned partition of `driftline.labels`. Rows are keyed by offset, so that reading twice changes nothing. */
export class LabelPartition {
  readonly #shared: Collaborators;
  readonly #place: Place;
  readonly #run = new PoisonRun(RUN);
  /** What lies below is written. */
  #committed = 0;
  #position = 0;

  constructor(shared: Collaborators, place: Place) {
    this.#shared = shared;
    this.#place = place;
  }

  /** The next offset to read. */
  get position(): number {
    return this.#position;
  }

  /** The committed offset where it lies in the log, else the beginning; what retention took in between is declared. */
  async start(committed: number | null): Promise<number> {
    const { environment } = this.#shared;
    const { beginning, end } = await partitionOffsets(environment, this.#place);
    const valid = committed !== null && committed <= end && !(await this.#isForeign());
    this.#committed = valid ? Math.max(committed, beginning) : beginning;
    if (valid && committed < beginning) {
      await declareGap(environment, this.#place, { reason: 'log_trimmed', first: committed, end: beginning });
    }
    this.#position = Math.max(beginning, this.#committed - LOOK_BACK);
    return this.#position;
  }

  async read(batch: Batch): Promise<void> {
    const { environment } = this.#shared;
    const gap = await gapBefore(environment, this.#place, this.#position, batch.records[0]!.offset);
    if (gap !== null && gap.end > this.#committed) await declareGap(environment, this.#place, gap);
    const rows = new LabelRows(this.#place);
    const letters: DeadLetter[] = [];
    let halt: string | null = null;
    for (const record of batch.records) {
      halt = this.#poison(record.offset);
      if (halt !== null) break;
      if (missingSchema(environment, record) !== null) await prepareSchema(environment, record, async () => {});
      this.#take(record, rows, letters);
      this.#position = record.offset + 1;
    }
    await publishDeadLetters(environment, letters);
    const taken = rows.take();
    await this.#shared.writer.labels(taken);
    const { topic, partition } = this.#place;
    environment.metrics.events.inc({ topic, partition }, taken.count);
    await this.pass(halt === null ? batch : { ...batch, nextOffset: this.#position });
    if (halt !== null) throw new PartitionHaltError(halt);
  }

  /** Goes on to where nothing is left to read before, be it records or transaction markers. */
  async pass({ nextOffset, endOffset }: Position): Promise<void> {
    const { topic, partition } = this.#place;
    this.#position = Math.max(this.#position, nextOffset);
    this.#shared.environment.metrics.lag.set({ topic, partition }, Math.max(0, endOffset - this.#position));
    if (this.#position <= this.#committed) return;
    this.#committed = this.#position;
    await this.#commit(this.#position);
  }

  /** A topic created again has the name, and may have the committed offsets, of the one before. */
  #isForeign(): Promise<boolean> {
    const { environment } = this.#shared;
    return environment.persist('label_rows', () => isNewIncarnation(environment.context.store, this.#place));
  }

  #poison(offset: number): string | null {
    const { deadLetterLimit } = this.#shared.environment.context.config.aggregation;
    if (offset < this.#committed || this.#run.share <= deadLetterLimit) return null;
    return poisonReason(this.#place.topic, this.#place.partition, offset, this.#run);
  }

  #take(record: LogRecord, rows: LabelRows, letters: DeadLetter[]): void {
    if (Object.hasOwn(record.headers, HEADERS.progress)) return;
    const place = { ...this.#place, offset: record.offset };
    const decoded = this.#decode(record);
    this.#run.add(!decoded.ok);
    if (record.offset < this.#committed) return;
    if (decoded.ok) rows.add(record.offset, decoded.value);
    else letters.push(deadLetter(place, record, decoded.rejection));
  }

  #decode(record: LogRecord): Decoded<Label> {
    const { environment } = this.#shared;
    const { codec, config } = environment.context;
    const place = { ...this.#place, offset: record.offset };
    const decoded = decodeRecord(environment, place, record, (value) => codec.decodeLabel(value));
    if (!decoded.ok || decoded.value.timestamp <= arrivalOf(record).at + config.aggregation.futureSkewMs)
      return decoded;
    // The greatest timestamp wins: one from the future would never be corrected.
    const message = 'the timestamp lies further in the future than aggregation.future_skew allows';
    return { ok: false, rejection: { code: 'bad_timestamp', path: 'timestamp', message } };
  }

  async #commit(offset: number): Promise<void> {
    const { topic, partition } = this.#place;
    await this.#shared.environment.persist('committed offset', async () => {
      await this.#shared.commit({ topic, partition }, offset).catch((error: unknown) => {
        if (!(error instanceof StaleAssignmentError)) throw error;
      });
    });
  }
}
