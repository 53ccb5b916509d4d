import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { runDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';

const SHIPPED = fileURLToPath(new URL('../../services/demo/data', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'driftline-demo-test-'));
after(() => rmSync(dir, { recursive: true, force: true }));

type Row = Record<string, string>;

/** Copies a shipped file with each row changed, or left out where `change` gives null. */
function derive(name: string, to: string, change: (row: Row, index: number) => Row | null): void {
  const [header = '', ...lines] = gunzipSync(readFileSync(join(SHIPPED, name)))
    .toString('utf8')
    .trim()
    .split('\n');
  const columns = header.split(',');
  const rows = lines.flatMap((line, index) => {
    const cells = line.split(',');
    const row = change(Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])), index);
    return row === null ? [] : [columns.map((column) => row[column]).join(',')];
  });
  writeFileSync(join(to, name), gzipSync([header, ...rows, ''].join('\n'), { level: 1 }));
}

/** An input directory: car-loan's analysis before the shift its authors made, one year of the census. */
function inputDirectory(name: string, change: (row: Row) => Row): string {
  const to = join(dir, name);
  mkdirSync(to);
  for (const file of ['carloan_reference.csv.gz', 'employment_MA_reference.csv.gz'])
    copyFileSync(join(SHIPPED, file), join(to, file));
  derive('carloan_analysis.csv.gz', to, (row, index) => (index < 24_000 ? change(row) : null));
  derive('employment_MA_analysis.csv.gz', to, (row) => (row.year === '2016' ? row : null));
  return to;
}

test('an untouched stream: incidents: 0', async () => {
  const input = inputDirectory('quiet', (row) => row);
  const { code, stdout, stderr } = await runDriftline(['demo', '--once', '--port', '0', '--input', input]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim().split('\n').at(-1), 'incidents: 0');
});

test('a break planted in another feature at another date is found, and nothing else', async () => {
  const broken = (row: Row): Row =>
    row.timestamp! >= '2019-01-15' ? { ...row, driver_tenure: String(Number(row.driver_tenure) * 0.6) } : row;
  const input = inputDirectory('planted', broken);
  const { code, stdout, stderr } = await runDriftline(['demo', '--once', '--port', '0', '--input', input]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim().split('\n').at(-1), 'incidents: 1', stdout);
  const members = [...stdout.matchAll(/- since (\S+): (\S+):/g)].map(([, since, feature]) => ({ since, feature }));
  assert.deepEqual(
    members,
    [{ since: '2019-01-14', feature: 'driver_tenure' }],
    'the week that holds the date, and that feature',
  );
});

test('a reference without a mapped column is an error that names it', async () => {
  const input = inputDirectory('lacking', (row) => row);
  const csv = gunzipSync(readFileSync(join(input, 'carloan_reference.csv.gz'))).toString('utf8');
  writeFileSync(join(input, 'carloan_reference.csv.gz'), gzipSync(csv.replace('y_pred_proba', 'proba')));
  const { code, stderr } = await runDriftline(['demo', '--once', '--port', '0', '--input', input]);
  assert.equal(code, 2);
  assert.match(stderr, /carloan_reference\.csv\.gz: no such column: score: y_pred_proba/);
});

test('the shipped data: one incident that PagerDuty got, a page, SQL; all of it answered while the demo stays up', async () => {
  const bin = fileURLToPath(new URL('../../bin/driftline.cjs', import.meta.url));
  const child = spawn(process.execPath, [bin, 'demo', '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  after(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  await eventually(
    'the demo to end its streams',
    () => /^incidents: /m.test(stdout) || child.exitCode !== null,
    240_000,
  );
  assert.match(stdout, /^incidents: 1$/m, stderr);
  const moved = [...stdout.matchAll(/- since 2019-04-01: (\S+):/g)].map(([, feature]) => feature).sort();
  const expected = ['car_value', 'loan_length', 'prediction.score', 'repaid_loan_on_prev_car', 'salary_range'];
  assert.deepEqual(moved, expected);

  const address = (label: string) => new RegExp(`${label}:\\s+(http\\S+)`).exec(stdout)?.[1] ?? '';
  const page = await fetch(address('The page'));
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<html/i);
  const arrived = (await (await fetch(`${address("PagerDuty's side")}/events`)).json()) as {
    status: number;
    body: { event_action: string; dedup_key: string };
  }[];
  assert.deepEqual(
    new Set(arrived.map(({ status, body }) => `${status} ${body.event_action}`)),
    new Set(['202 trigger']),
  );
  assert.equal(new Set(arrived.map(({ body }) => body.dedup_key)).size, 1);

  const [, sqlUrl = '', sql = ''] = /curl '([^']+)' --data-binary "([^"]+)"/.exec(stdout) ?? [];
  const answer = await fetch(sqlUrl, { method: 'POST', body: sql });
  const table = await answer.text();
  assert.equal(answer.status, 200, table);
  for (const feature of expected) assert.ok(table.includes(feature), table);
  const census = await fetch(sqlUrl, {
    method: 'POST',
    body: "SELECT count() FROM drift_scores WHERE model = 'census-employment' AND breached",
  });
  assert.equal((await census.text()).trim(), '0');

  child.kill('SIGINT');
  await once(child, 'exit');
  assert.equal(child.exitCode, 0, stderr);
});
