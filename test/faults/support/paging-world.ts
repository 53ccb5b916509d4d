import assert from 'node:assert/strict';
import { type FaultWorld, openFaultWorld, type WorldOptions } from './world.ts';

/** A world whose stream drifts from the reference of model alpha from its first window on, so that every table is written. */
export function openPagingWorld(options: WorldOptions): Promise<FaultWorld> {
  const amounts = Array.from({ length: 2_000 }, (_, index) => 500 + index / 10);
  return openFaultWorld({
    partitions: 2,
    models: [
      '- {name: alpha, window: 1h, reference: {name: base, file: reference.csv}}',
      '- {name: beta, window: 10m}',
    ],
    files: { 'reference.csv': `amount\n${amounts.join('\n')}\n` },
    lines: ['monitors: [{name: drift, model: alpha, target: [amount], min_samples: 20, persistence: 1}]'],
    ...options,
  });
}

/** What a detector and a notifier wrote: each thing once, and every incident paged under one key. */
export async function checkOnce(world: FaultWorld): Promise<void> {
  for (const [view, key] of KEYS) {
    const [counted] = await world.sql<{ rows: number; distinct: number }>(
      `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(${key})) AS distinct FROM ${view}`,
    );
    assert.ok(counted!.rows > 0, `${view} is empty: nothing was tested`);
    assert.equal(counted!.rows, counted!.distinct, `${view}: a row is there twice`);
  }
  const incidents = await world.sql<{ incident: string; deliveries: number }>(
    `SELECT incident, toUInt32(countIf(deliveries.action = 'trigger' AND deliveries.state = 'sent')) AS deliveries
     FROM incidents LEFT JOIN deliveries USING (incident) GROUP BY incident`,
  );
  const paged = new Set(triggers(world));
  assert.deepEqual([...paged].sort(), incidents.map(({ incident }) => incident).sort(), 'one key for each incident');
  for (const { incident, deliveries } of incidents) assert.ok(deliveries >= 1, `${incident} was not delivered`);
}

const KEYS = [
  ['drift_scores', '(monitor, model, version, role, feature, segment, metric, window_start)'],
  ['alerts', '(model, episode)'],
  ['incidents', 'incident'],
  ['deliveries', '(incident, channel, notice_id)'],
  ['models', 'model'],
  ['model_versions', '(model, version, role)'],
] as const;

/** Keys of the triggers that the local PagerDuty took, in order. */
export function triggers(world: FaultWorld): string[] {
  return world.pagerduty
    .events()
    .filter(({ status }) => status === 202)
    .map(({ body }) => body as { event_action: string; dedup_key: string })
    .filter(({ event_action }) => event_action === 'trigger')
    .map(({ dedup_key }) => dedup_key);
}
