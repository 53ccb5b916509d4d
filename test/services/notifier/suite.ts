import { after, afterEach } from 'node:test';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import type { Service } from '../../../lib/runtime/service.ts';
import { alert } from '../../core/alerts/incident-fixtures.ts';
import { eventually } from '../../support/eventually.ts';
import type { Harness } from './harness.ts';

export interface Suite {
  /** As the harness's, but the notifier ends with the test. */
  start(...args: Parameters<Harness['start']>): Promise<Service>;
  /** Ends what runs. */
  stopAll(): Promise<void>;
  /** Waits until an incident has so many deliveries and none is pending. */
  settled(incident: string, count: number): Promise<boolean>;
}

/** The harness for all tests of the calling file: each begins with no notifier, and a PagerDuty that takes everything. */
export function suiteOn(bench: Harness): Suite {
  const running: Service[] = [];
  const stopAll = async () => {
    await Promise.all(running.splice(0).map((service) => service.stop()));
  };
  after(() => bench.close());
  afterEach(async () => {
    bench.script(null);
    await stopAll();
  });
  return {
    async start(...args) {
      const service = await bench.start(...args);
      running.push(service);
      return service;
    },
    stopAll,
    settled: (incident, count) =>
      eventually(`${count} deliveries of ${incident} are made`, async () => {
        const rows = await bench.deliveries(incident);
        return rows.length === count && rows.every((row) => row.state !== 'pending');
      }),
  };
}

/** An alert event of an incident, with an episode of its own. */
export function of(incident: string, changes: Parameters<typeof alert>[0] = {}): AlertEvent {
  return alert({ incident, episode: `${incident}-e1`, ...changes });
}
