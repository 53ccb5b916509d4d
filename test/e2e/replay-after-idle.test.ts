import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DriftlineProcess, runDriftline, select, startDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 4, 1);
const EVENTS = 3_000;
const IDLE_AFTER_MS = 500;
const dir = mkdtempSync(join(tmpdir(), 'driftline-replay-idle-'));
const config = join(dir, 'driftline.yaml');
let standalone: DriftlineProcess;

/** Evenly over [500, 700). */
const quiet = (i: number): number => 500 + ((i * 0.618_033_988_75) % 1) * 200;

/** A file of one hour's events. */
function writeHour(hour: number, shift: number): string {
  const rows = Array.from({ length: EVENTS }, (_, i) => {
    const time = new Date(START + hour * HOUR + Math.floor((i * HOUR) / EVENTS)).toISOString();
    return `${hour}-${i},${time},${quiet(i) + shift}`;
  });
  const file = join(dir, `hour-${hour}.csv`);
  writeFileSync(file, `id,time,amount\n${rows.join('\n')}\n`);
  return file;
}

before(async () => {
  const reference = Array.from({ length: 2_000 }, (_, i) => `${i},${new Date(START - HOUR).toISOString()},${quiet(i)}`);
  writeFileSync(join(dir, 'reference.csv'), `id,time,amount\n${reference.join('\n')}\n`);
  writeFileSync(
    config,
    `aggregation: {idle_after: ${IDLE_AFTER_MS}ms, flush_interval: 100ms}
models:
  - {name: loans, window: 1h, columns: {id: id, timestamp: time}, reference: {name: base, file: reference.csv}}
monitors:
  - {name: drift, model: loans, target: [amount], metrics: [psi], threshold: {psi: 0.5}, min_samples: 100, persistence: 1}
`,
  );
  const flags = ['--data', join(dir, 'data'), '--port', '0', '--sql-port', '0'];
  standalone = await startDriftline(['standalone', '--config', config, ...flags]);
});
after(async () => {
  assert.equal(await standalone.end('SIGTERM'), 0, standalone.output().stderr);
  rmSync(dir, { recursive: true, force: true });
});

test('a replay into a standalone that was idle: each window is complete once, and one incident is told', async () => {
  await eventually('the topic to be idle', async () => {
    const metrics = await (await fetch(`${standalone.http}/metrics`)).text();
    const passed = Number(/^driftline_watermark_timestamp_seconds(?:\{.*\})? (\S+)$/m.exec(metrics)?.[1] ?? 0);
    return passed * 1_000 > START + 24 * HOUR;
  });
  // File after file, with a pause in which partitions are quiet: two replays, each of newer data than the one before.
  for (const [hour, shift] of [0, 400].entries()) {
    const replay = await runDriftline([
      ...['replay', writeHour(hour, shift), '--config', config, '--model', 'loans'],
      ...['--url', standalone.http],
    ]);
    assert.equal(replay.code, 0, replay.stderr);
    await sleep(3 * IDLE_AFTER_MS);
  }
  const windows = await eventually('both windows sealed', async () => {
    const rows = await select<{ at: string; state: string; revision: number; events: number }>(
      standalone.sql,
      `SELECT toString(window_start) AS at, state, toFloat64(revision) AS revision, toFloat64(events) AS events
       FROM operations ORDER BY window_start`,
    );
    return rows.length === 2 && rows.every(({ state }) => state !== 'provisional') ? rows : null;
  });
  const whole = { state: 'complete', revision: 0, events: EVENTS };
  assert.deepEqual(
    windows?.map((row) => ({ ...row })),
    [
      { at: '2024-05-01 00:00:00.000', ...whole },
      { at: '2024-05-01 01:00:00.000', ...whole },
    ],
  );
  const incidents = await eventually('the incident', async () => {
    const rows = await select<{ state: string; since: string }>(
      standalone.sql,
      "SELECT state, toString(since) AS since FROM alerts WHERE state != 'pending' AND incident IS NOT NULL",
    );
    return rows.length > 0 ? rows : null;
  });
  assert.deepEqual(
    incidents?.map((row) => ({ ...row })),
    [{ state: 'firing', since: '2024-05-01 01:00:00.000' }],
  );
});
