import type { Decoded, Label } from '../../lib/core/events/types.ts';
import { HEADERS } from '../../lib/core/messages/types.ts';
import type { DeadLetter } from '../../lib/ports/codec.ts';
import { type Batch, type LogRecord, type Position, StaleAssignmentError } from '../../lib/ports/log.ts';
import type { Row } from '../../lib/ports/store.ts';
import { insertLosses } from '../../lib/tables/losses.ts';
import { insertLabels, labelRow } from '../../lib/tables/raw.ts';
import { arrivalOf } from './arrival.ts';
import type { Collaborators } from './collaborators.ts';
import { deadLetter, decodeRecord, publishDeadLetters } from './dead-letters.ts';

interface Place {
  topic: string;
  incarnation: string;
  partition: number;
}

/** One assigned partition of `driftline.labels`. Rows are keyed by offset, so that reading twice changes nothing. */
export class LabelPartition {
  readonly #shared: Collaborators;
  readonly #place: Place;

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
    const { log, store } = environment.context;
    const all = await environment.persist('offsets', () => log.offsets(this.#place.topic));
    const { beginning, end } = all.find((found) => found.partition === this.#place.partition) ?? {
      beginning: 0,
      end: 0,
    };
    this.#position = committed === null || committed > end ? beginning : Math.max(committed, beginning);
    if (committed === null || committed >= beginning) return this.#position;
    const loss = {
      reason: 'log_trimmed',
      firstOffset: committed,
      lastOffset: beginning - 1,
      events: beginning - committed,
    };
    const identity = { ...this.#place, chunkStart: committed };
    await environment.persist('loss_rows', () => insertLosses(store, identity, [loss]));
    return beginning;
  }

  async read(batch: Batch): Promise<void> {
    const { environment } = this.#shared;
    const rows: Row[] = [];
    const letters: DeadLetter[] = [];
    for (const record of batch.records) {
      if (Object.hasOwn(record.headers, HEADERS.progress)) continue;
      const place = { ...this.#place, offset: record.offset };
      const decoded = this.#decode(record);
      if (decoded.ok) rows.push(labelRow(place, decoded.value));
      else letters.push(deadLetter(place, record, decoded.rejection));
    }
    await publishDeadLetters(environment, letters);
    await environment.persist('label_rows', () => insertLabels(environment.context.store, rows));
    const { topic, partition } = this.#place;
    environment.metrics.events.inc({ topic, partition }, rows.length);
    await this.pass(batch);
  }

  /** Goes on to where nothing is left to read before, be it records or transaction markers. */
  async pass({ nextOffset, endOffset }: Position): Promise<void> {
    const { topic, partition } = this.#place;
    this.#position = nextOffset;
    this.#shared.environment.metrics.lag.set({ topic, partition }, Math.max(0, endOffset - nextOffset));
    await this.#commit(nextOffset);
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
