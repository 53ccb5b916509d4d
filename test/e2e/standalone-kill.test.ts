import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DriftlineProcess, select, startDriftline } from '../support/driftline-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'driftline-kill-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const KILLS = 4;
const BATCH = 50;
const WINDOW_START = Date.UTC(2026, 0, 5);

const config = join(dir, 'driftline.yaml');
writeFileSync(
  config,
  [
    'http: {port: 0}',
    'sql: {port: 0}',
    'aggregation: {flush_interval: 200ms, chunk_size: 256}',
    'models:',
    '  - name: m',
    '    window: 1h',
  ].join('\n'),
);

/** Sends batches until the process dies; returns the ids that were answered 202. */
async function load(url: string, prefix: string, accepted: Set<string>): Promise<void> {
  for (let batch = 0; ; batch += 1) {
    const ids = Array.from({ length: BATCH }, (_, index) => `${prefix}-${batch}-${index}`);
    const events = ids.map((id, index) => ({
      prediction_id: id,
      model: 'm',
      timestamp: WINDOW_START + ((batch * BATCH + index) % 7200) * 1000,
      features: { x: index, color: index % 2 === 0 ? 'red' : 'blue' },
    }));
    const response = await fetch(`${url}/v1/predictions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'driftline-arrival': 'event' },
      body: JSON.stringify(events),
    }).catch(() => null);
    if (response === null) return;
    if (response.status !== 202) continue;
    const body = (await response.json().catch(() => null)) as { accepted: number } | null;
    if (body === null) return;
    assert.equal(body.accepted, BATCH);
    for (const id of ids) accepted.add(id);
  }
}

test('killed with SIGKILL at random moments under load, it loses nothing that it accepted and counts nothing twice', async () => {
  const accepted = new Set<string>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const driftline = await startDriftline(['standalone', '--config', config, '--data', join(dir, 'data')]);
    const loading = load(driftline.http, `run${kill}`, accepted);
    await sleep(300 + Math.random() * 2500);
    await driftline.end('SIGKILL');
    await loading;
  }
  const driftline = await startDriftline(['standalone', '--config', config, '--data', join(dir, 'data')]);
  try {
    assert.ok(accepted.size > 1000, `only ${accepted.size} events were accepted: the test had no load`);
    await untilCaughtUp(driftline, accepted.size);
    const stored = await select<{ prediction_id: string; copies: number }>(
      driftline.sql,
      "SELECT prediction_id, count() AS copies FROM predictions WHERE model = 'm' GROUP BY prediction_id",
    );
    const ids = new Set(stored.map((row) => row.prediction_id));
    assert.deepEqual(
      [...accepted].filter((id) => !ids.has(id)),
      [],
      'accepted, but not in the prediction log',
    );
    assert.deepEqual(
      stored.filter((row) => Number(row.copies) !== 1),
      [],
      'stored more than once',
    );
    const [counted] = await select<{ events: number }>(
      driftline.sql,
      "SELECT toFloat64(sum(events)) AS events FROM operations WHERE model = 'm'",
    );
    assert.equal(counted?.events, ids.size, 'events in windows and in the prediction log differ');
    const [features] = await select<{ x: number; color: number }>(
      driftline.sql,
      "SELECT toFloat64(sumIf(count, feature = 'x')) AS x, toFloat64(sumIf(count, feature = 'color')) AS color FROM feature_stats WHERE model = 'm' AND segment = ''",
    );
    assert.deepEqual(features, { x: ids.size, color: ids.size });
  } finally {
    assert.equal(await driftline.end('SIGTERM'), 0);
  }
});

/** Waits until the number of stored predictions covers what was accepted and has stopped rising. */
async function untilCaughtUp(driftline: DriftlineProcess, atLeast: number): Promise<void> {
  let previous = -1;
  for (let tries = 0; tries < 100; tries += 1) {
    const [row] = await select<{ n: number; events: number }>(
      driftline.sql,
      "SELECT (SELECT toFloat64(count()) FROM predictions WHERE model = 'm') AS n, (SELECT toFloat64(sum(events)) FROM operations WHERE model = 'm') AS events",
    );
    if (row !== undefined && row.n >= atLeast && row.n === row.events && row.n === previous) return;
    previous = row?.n ?? -1;
    await sleep(500);
  }
  assert.fail(`not caught up: ${previous} predictions stored of ${atLeast} accepted`);
}
