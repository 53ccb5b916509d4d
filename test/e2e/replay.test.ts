import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type DriftlineProcess, runDriftline, select, startDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';

const DATA = fileURLToPath(new URL('../../services/demo/data', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'driftline-replay-'));
const config = join(dir, 'driftline.yaml');
const history = join(dir, 'history.csv');
const COLUMNS = '--id id --timestamp timestamp --score y_pred_proba --prediction y_pred --label repaid'.split(' ');
let standalone: DriftlineProcess;

before(async () => {
  const reference = join(DATA, 'carloan_reference.csv.gz');
  const init = await runDriftline(['monitors', 'init', '--model', 'car-loan', '--reference', reference, ...COLUMNS]);
  assert.equal(init.code, 0, init.stderr);
  writeFileSync(config, init.stdout);
  const lines = gunzipSync(readFileSync(join(DATA, 'carloan_analysis.csv.gz')))
    .toString('utf8')
    .split('\n');
  // The authors' shift is at row 25,000 (2019-03-31).
  writeFileSync(history, [lines[0], ...lines.slice(21_001, 30_001), ''].join('\n'));
  standalone = await startDriftline([
    'standalone',
    '--config',
    config,
    '--data',
    join(dir, 'data'),
    '--port',
    '0',
    '--sql-port',
    '0',
  ]);
});
after(async () => {
  assert.equal(await standalone.end('SIGTERM'), 0, standalone.output().stderr);
  rmSync(dir, { recursive: true, force: true });
});

test('a file replayed over HTTP is judged window by window to its end, labels and all', async () => {
  const args = [
    'replay',
    history,
    '--config',
    config,
    '--model',
    'car-loan',
    '--model-version',
    '4',
    '--label-delay',
    '1d',
  ];
  const { code, stdout, stderr } = await runDriftline([...args, '--url', standalone.http]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'replayed 18000 events of car-loan\n');
  await eventually(
    'every window complete',
    async () => {
      const [row] = await select<{ events: number; open: number }>(
        standalone.sql,
        "SELECT toFloat64(sum(events)) AS events, toFloat64(countIf(state = 'provisional')) AS open FROM operations",
      );
      return row?.events === 9000 && row.open === 0;
    },
    60_000,
  );
  const alerts = await eventually('the alert', async () => {
    const rows = await select<{ state: string; version: string; since: string; members: string[] }>(
      standalone.sql,
      "SELECT state, version, toString(since) AS since, members FROM alerts WHERE monitor = 'car-loan-drift' AND state != 'pending'",
    );
    return rows.length > 0 ? rows : null;
  });
  assert.equal(alerts?.length, 1);
  assert.equal(alerts[0]?.version, '4');
  assert.match(alerts[0]?.since ?? '', /^2019-04-01/);
  assert.ok(alerts[0]?.members.includes('car_value'));
  await eventually('the labels', async () => {
    const [row] = await select<{ labels: number }>(standalone.sql, 'SELECT toFloat64(count()) AS labels FROM labels');
    return row?.labels === 9000;
  });
});

test('what cannot be replayed is said with the file, the row or the flag', async () => {
  const replay = (file: string, ...more: string[]) =>
    runDriftline(['replay', file, '--config', config, '--url', standalone.http, ...more]);
  const unknown = await replay(history, '--model', 'other');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /no model other in the configuration \(it has: car-loan\)/);
  const bad = join(dir, 'bad.csv');
  writeFileSync(bad, 'id,timestamp,car_value\n1,soon,3\n');
  const untimed = await replay(bad, '--model', 'car-loan');
  assert.equal(untimed.code, 2);
  assert.match(untimed.stderr, /bad\.csv: row 1: no event time/);
  const nobody = await runDriftline([
    'replay',
    history,
    '--config',
    config,
    '--model',
    'car-loan',
    '--url',
    'http://127.0.0.1:1',
  ]);
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /127\.0\.0\.1:1/);
});
