import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openChdbStore } from '../../lib/adapters/chdb/index.ts';
import { summarizeIncident } from '../../lib/core/alerts/incident.ts';
import type { NoticeAction } from '../../lib/core/alerts/types.ts';
import { migrate } from '../../lib/migrations/index.ts';
import type { Store } from '../../lib/ports/store.ts';
import { insertAlertEvents } from '../../lib/tables/alerts.ts';
import {
  type Delivery,
  type DeliveryState,
  deliveriesOfIncidents,
  pendingIncidents,
  writeDeliveries,
} from '../../lib/tables/deliveries.ts';
import { alertsOfIncidents, incidentsBehind, modelsOfIncidents, writeIncidents } from '../../lib/tables/incidents.ts';
import { alert } from '../core/alerts/incident-fixtures.ts';

function delivery(incident: string, version: number, action: NoticeAction, changes: Partial<Delivery> = {}): Delivery {
  const notice = { action, dedupKey: incident, incident: summarizeIncident([alert({ incident })]), url: null };
  return {
    incident,
    channel: 'pagerduty',
    noticeId: `${incident}/${version}/${action}`,
    content: { notice, version, reason: 'first firing', account: '' },
    attempt: 0,
    status: 0,
    state: 'pending',
    reason: '',
    nextAttemptAt: 1_700_000_000_123,
    ...changes,
  };
}

describe('tables of incidents and deliveries', () => {
  let dir: string;
  let store: Store;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'driftline-deliveries-'));
    store = await openChdbStore({ dir, database: 'driftline' });
    await migrate(store);
  });
  after(async () => {
    await store.close();
    await rm(dir, { recursive: true, force: true });
  });
  const read = async (incident: string) => (await deliveriesOfIncidents(store, [incident])).get(incident) ?? [];

  it('gives a delivery back as it was written', async () => {
    const written = delivery("it's\n😀", 3, 'trigger', { attempt: 2, status: 429, reason: 'HTTP 429 \\ "x"' });
    await writeDeliveries(store, [written]);
    assert.deepEqual(await read("it's\n😀"), [written]);
  });

  it('keeps notices in the order in which they are to be sent', async () => {
    const resolve = delivery('order', 5, 'resolve');
    const later = delivery('order', 12, 'trigger');
    const first = delivery('order', 2, 'trigger');
    const unheard = delivery('order', 5, 'trigger');
    await writeDeliveries(store, [later, resolve, first, unheard]);
    assert.deepEqual(
      (await read('order')).map(({ noticeId }) => noticeId),
      ['order/2/trigger', 'order/5/trigger', 'order/5/resolve', 'order/12/trigger'],
    );
  });

  const races: [string, { state: DeliveryState; attempt: number }[], DeliveryState][] = [
    [
      'a later attempt',
      [
        { state: 'pending', attempt: 0 },
        { state: 'pending', attempt: 3 },
      ],
      'pending',
    ],
    [
      'an acceptance over attempts of a writer that lags',
      [
        { state: 'sent', attempt: 1 },
        { state: 'pending', attempt: 900_000_000 },
      ],
      'sent',
    ],
    [
      'an acceptance over a refusal',
      [
        { state: 'sent', attempt: 1 },
        { state: 'parked', attempt: 7 },
      ],
      'sent',
    ],
    [
      'a refusal over a lagging attempt',
      [
        { state: 'parked', attempt: 1 },
        { state: 'pending', attempt: 2 },
      ],
      'parked',
    ],
  ];
  for (const [name, writes, winner] of races) {
    it(`lets win: ${name}, in either order`, async () => {
      for (const order of [writes, [...writes].reverse()]) {
        const id = `race-${name}-${order[0]?.state}-${order[0]?.attempt}`;
        for (const changes of order) await writeDeliveries(store, [delivery(id, 1, 'trigger', changes)]);
        const [row, ...others] = await read(id);
        assert.equal(others.length, 0);
        assert.equal(row?.state, winner);
        if (winner === 'pending') assert.equal(row?.attempt, 3);
      }
    });
  }

  it('names the incidents with something to deliver, and their models', async () => {
    await writeIncidents(store, [
      { incident: summarizeIncident([alert({ incident: 'waits', model: 'm1' })]), url: null },
      { incident: summarizeIncident([alert({ incident: 'done', model: 'm2' })]), url: null },
    ]);
    await writeDeliveries(store, [
      delivery('waits', 1, 'trigger', { state: 'sent' }),
      delivery('waits', 2, 'resolve'),
      delivery('done', 1, 'trigger', { state: 'parked' }),
    ]);
    const pending = await pendingIncidents(store);
    assert.ok(pending.includes('waits') && !pending.includes('done'));
    assert.deepEqual([...(await modelsOfIncidents(store, ['waits', 'nowhere']))], [['waits', 'm1']]);
  });

  it('keeps the newest telling of an incident, whoever writes last', async () => {
    const old = summarizeIncident([alert({ incident: 'lag', revision: 1 })]);
    const fresh = summarizeIncident([alert({ incident: 'lag', revision: 2, state: 'resolved' })]);
    await writeIncidents(store, [{ incident: fresh, url: 'http://x/incidents/lag' }]);
    await writeIncidents(store, [{ incident: old, url: null }]);
    const rows = await store.query("SELECT state, url FROM incidents WHERE incident = 'lag'");
    assert.deepEqual(rows, [{ state: 'resolved', url: 'http://x/incidents/lag' }]);
  });

  it('finds incidents whose alerts are newer than their row', async () => {
    const first = alert({ incident: 'behind', episode: 'behind-1', revision: 2, model: 'm3' });
    await insertAlertEvents(store, [{ ...first, revision: 1, state: 'pending', incident: null }, first]);
    const behind = async () => (await incidentsBehind(store)).filter(({ incident }) => incident === 'behind');
    assert.deepEqual(await behind(), [{ incident: 'behind', model: 'm3' }]);
    const alerts = async () => (await alertsOfIncidents(store, ['behind', 'nowhere'])).get('behind') ?? [];
    await writeIncidents(store, [{ incident: summarizeIncident(await alerts()), url: null }]);
    assert.deepEqual(await behind(), []);
    await insertAlertEvents(store, [{ ...first, revision: 3 }]);
    assert.equal((await behind()).length, 1);
    assert.deepEqual(
      (await alerts()).map(({ revision }) => revision),
      [3],
    );
  });
});
