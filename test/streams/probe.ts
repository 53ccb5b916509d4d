import type { AlertEvent } from '../../lib/core/alerts/types.ts';
import { type ProgressMessage, TOPICS } from '../../lib/core/messages/types.ts';
import { readNative } from '../../lib/core/sql/native-reader.ts';
import type { Codec } from '../../lib/ports/codec.ts';
import type { Batch, Consumer, Log } from '../../lib/ports/log.ts';
import type { Store } from '../../lib/ports/store.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import type { LocalPagerDuty } from '../../services/pagerduty-local/index.ts';
import { MINUTE, T0 } from '../services/detector/fixtures.ts';
import { rowsOf } from '../support/native-rows.ts';
import { replacing } from '../support/replacing.ts';
import type { WindowState } from './language.ts';

export interface SeenWindow {
  window: number;
  state: WindowState;
  events: number;
  revision: number;
}

/** A sealed row's head as it was written. */
export interface Seal extends SeenWindow {
  covered: number;
}

/** A row of window_rows, as far as it is looked at; ms. */
interface SealedRow {
  feature: string;
  segment: string;
  window_start: number;
  state: WindowState;
  count: number;
  revision: number;
  covered: number;
}

/** What can be seen of a world from outside: topics, views, metrics, pages, and every seal as it is written. */
export class Probe {
  readonly #log: Log;
  readonly #store: Store;
  readonly #codec: Codec;
  readonly #pagerduty: LocalPagerDuty;
  readonly #progress: ProgressMessage[] = [];
  readonly #alerts: AlertEvent[] = [];
  #consumer: Consumer | null = null;
  /** Every seal, in order of writing. */
  readonly seals: Seal[] = [];
  /** Of the detector that runs. */
  detector: ServiceContext['metrics'] | null = null;

  constructor(log: Log, store: Store, codec: Codec, pagerduty: LocalPagerDuty) {
    this.#log = log;
    this.#store = store;
    this.#codec = codec;
    this.#pagerduty = pagerduty;
  }

  async open(): Promise<void> {
    this.#consumer = await this.#log.consume({
      group: 'probe',
      topics: [TOPICS.windows, TOPICS.alerts],
      handlers: {
        onAssigned: async () => ({ offset: 0 }),
        onRevoked: async () => {},
        onBatch: async (batch) => this.#take(batch),
      },
    });
  }

  async close(): Promise<void> {
    await this.#consumer?.close();
  }

  #take({ topic, records }: Batch): void {
    for (const { value } of records) {
      if (value === null) continue;
      if (topic === TOPICS.alerts) this.#alerts.push(this.#codec.decodeAlert(value));
      else {
        const message = this.#codec.decodeAnnouncement(value);
        if (message.kind === 'progress') this.#progress.push(message);
      }
    }
  }

  /** The store, but what is sealed is noted. */
  watching(store: Store): Store {
    const note = (rows: readonly SealedRow[]): void => {
      for (const { feature, segment, window_start, state, count, revision, covered } of rows) {
        if (feature !== '' || segment !== '') continue;
        this.seals.push({ window: (window_start - T0) / MINUTE, state, events: count, revision, covered });
      }
    };
    return replacing(store, {
      insertNative: async (table, columns, pieces) => {
        const bytes = Buffer.concat([...pieces]);
        await store.insertNative(table, columns, [bytes]);
        if (table === 'window_rows') note(rowsOf<SealedRow>(readNative(bytes)));
      },
    });
  }

  /** Time each partition of an incarnation passed, as announced last; s after T0, null: unknown. */
  announced(incarnation: string, partitions: number): (number | null)[] {
    return Array.from({ length: partitions }, (_, partition) => {
      const last = this.#progress.findLast((m) => m.incarnation === incarnation && m.partition === partition);
      return last === undefined || last.passed < 0 ? null : (last.passed - T0) / 1_000;
    });
  }

  /** Every announcement of progress so far, in order of the topic's partitions. */
  progress(): readonly ProgressMessage[] {
    return this.#progress;
  }

  /** Time all partitions have passed, as the detector's metric has it; s after T0, null: unknown. */
  async overall(): Promise<number | null> {
    const metric = await this.detector?.getSingleMetric('driftline_watermark_timestamp_seconds')?.get();
    const value = metric?.values[0]?.value ?? -1;
    return value <= 0 ? null : Math.round(value * 1_000 - T0) / 1_000;
  }

  async windows(): Promise<SeenWindow[]> {
    const rows = await this.#store.query<{ start: number; state: WindowState; events: number; revision: number }>(
      `SELECT toUnixTimestamp64Milli(window_start) AS start, state, toUInt32(events) AS events, revision
       FROM operations ORDER BY window_start`,
    );
    return rows.map(({ start, ...row }) => ({ window: (start - T0) / MINUTE, ...row }));
  }

  async reach(incarnation: string): Promise<Map<number, number>> {
    const rows = await this.#store.query<{ partition: number; reach: number }>(
      `SELECT partition, max(reach) AS reach FROM manifest_rows
       WHERE incarnation = {incarnation:String} GROUP BY partition`,
      { incarnation },
    );
    return new Map(rows.map((row) => [row.partition, row.reach]));
  }

  async lost(reason: string): Promise<number> {
    const rows = await this.#store.query<{ events: number }>(
      'SELECT toUInt32(sum(events)) AS events FROM losses WHERE reason = {reason:String}',
      { reason },
    );
    return rows[0]!.events;
  }

  /** Alert events as a subscriber takes them: of each episode every revision once, and none after a higher one. */
  alerts(): AlertEvent[] {
    const highest = new Map<string, number>();
    return this.#alerts.filter(({ episode, revision }) => {
      if (revision <= (highest.get(episode) ?? 0)) return false;
      highest.set(episode, revision);
      return true;
    });
  }

  pages(): string[] {
    return this.#pagerduty
      .events()
      .filter(({ status }) => status === 202)
      .map(({ body }) => (body as { event_action: string }).event_action);
  }
}
