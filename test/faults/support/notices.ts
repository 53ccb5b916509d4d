import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { createClickHouseStore } from '../../../lib/adapters/clickhouse/index.ts';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import { insertAlertEvents } from '../../../lib/tables/alerts.ts';
import type { Fault } from '../../../services/pagerduty-local/enqueue.ts';
import { createLocalPagerDuty, type LocalPagerDuty } from '../../../services/pagerduty-local/index.ts';
import { alert } from '../../core/alerts/incident-fixtures.ts';
import type { FaultWorld } from './world.ts';

const ALERTS = 'driftline.alerts';

export interface Delivered {
  incident: string;
  action: string;
  state: string;
  status: number;
  attempt: number;
  reason: string;
  dedup_key: string;
}

interface Request {
  at: number;
  status: number;
  action: string;
}

/** Alerts as a detector writes and publishes them, and a PagerDuty that does as it is told. */
export class Notices {
  readonly #world: FaultWorld;
  readonly #codec = createCodec({ encoding: 'json' });
  readonly pagerduty: LocalPagerDuty;

  private constructor(world: FaultWorld, pagerduty: LocalPagerDuty) {
    this.#world = world;
    this.pagerduty = pagerduty;
  }

  /** `respond`: what the contract server does with each attempt (counted from 0) to tell an incident; null: its duty. */
  static async open(
    world: FaultWorld,
    respond: (incident: string, attempt: number, action: string) => Fault | null = () => null,
  ): Promise<Notices> {
    const attempts = new Map<string, number>();
    const pagerduty = createLocalPagerDuty({
      port: 0,
      respond: (_, event) => {
        const { dedup_key: key, event_action: action } = event as { dedup_key: string; event_action: string };
        const attempt = attempts.get(key) ?? 0;
        attempts.set(key, attempt + 1);
        return respond(key, attempt, action);
      },
    });
    await pagerduty.start();
    return new Notices(world, pagerduty);
  }

  /** Environment of a notifier that pages here. */
  get env(): NodeJS.ProcessEnv {
    return { DRIFTLINE_PAGERDUTY_BASE_URL: this.pagerduty.url };
  }

  async close(): Promise<void> {
    await this.pagerduty.stop();
  }

  /** Rows first, then the topic, as the detector does. One model an incident, so that both partitions are used. */
  async publish(incidents: readonly string[], changes: Partial<AlertEvent>): Promise<void> {
    const events = incidents.map((incident) =>
      alert({ incident, episode: `${incident}-e1`, model: `model-${incident}`, ...changes }),
    );
    const store = createClickHouseStore({
      url: this.#world.proxy.url,
      database: 'driftline',
      username: 'test',
      password: '',
    });
    try {
      await insertAlertEvents(store, events);
    } finally {
      await store.close();
    }
    // To the partition that Kafka's own clients choose, since notifiers own models by it.
    const args = ['-K', '\t', '-X', 'partitioner=murmur2_random'];
    const lines = events.map((event) => `${event.model}\t${this.#codec.encodeAlert(event).toString()}`);
    await this.#world.feeder.sendLines(lines, { topic: ALERTS, args });
  }

  deliveries(): Promise<Delivered[]> {
    return this.#world.sql<Delivered>(
      `SELECT incident, action, state, status, attempt, reason, dedup_key FROM deliveries ORDER BY incident, notice_id`,
    );
  }

  /** Whether so many notices of an action have come to an end. */
  async ended(action: string, count: number): Promise<boolean> {
    const all = (await this.deliveries()).filter((delivery) => delivery.action === action);
    return all.length === count && all.every(({ state }) => state !== 'pending');
  }

  /** What the contract server was asked about an incident, in order. */
  requests(incident: string): Request[] {
    return this.pagerduty
      .events()
      .map(({ received_at, status, body }) => ({ at: Date.parse(received_at), status, ...(body as PagerDutyBody) }))
      .filter(({ dedup_key }) => dedup_key === incident)
      .map(({ at, status, event_action }) => ({ at, status, action: event_action }));
  }

  /** Incidents as PagerDuty keeps them: `STATE` by dedup key; a key that opened two has two. */
  kept(): Map<string, string[]> {
    const kept = new Map<string, string[]>();
    for (const { dedupKey, state } of this.pagerduty.incidents()) {
      kept.set(dedupKey, [...(kept.get(dedupKey) ?? []), state]);
    }
    return kept;
  }
}

interface PagerDutyBody {
  dedup_key: string;
  event_action: string;
}
