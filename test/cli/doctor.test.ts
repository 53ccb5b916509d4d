import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CHECKS } from '../../services/doctor/checks/index.ts';
import { runDriftline, startDriftline } from '../support/driftline-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'driftline-doctor-cli-'));
after(() => rmSync(dir, { recursive: true, force: true }));

interface Report {
  level: string;
  checked_at: string;
  findings: { check: string; level: string; message: string; action: string | null }[];
}

async function doctor(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Report & { code: number | null }> {
  const { code, stdout, stderr } = await runDriftline(['doctor', '--format', 'json', ...args], env);
  assert.equal(stderr, '');
  return { code, ...(JSON.parse(stdout) as Report) };
}

function messages(report: Report, check: string): string {
  return report.findings
    .filter((finding) => finding.check === check)
    .map(({ message }) => message)
    .join('\n');
}

test('docs/doctor.md describes every check and no other', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/doctor.md', import.meta.url)), 'utf8');
  const documented = [...page.slice(page.indexOf('## Checks')).matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(documented.sort(), CHECKS.map((check) => check.name).sort());
});

test('embedded and not started: nothing is made, nothing is a problem', async () => {
  const data = join(dir, 'never');
  const report = await doctor(['--data', data]);
  assert.equal(report.code, 0);
  assert.equal(report.level, 'warning');
  assert.match(messages(report, 'data'), /does not exist yet/);
  assert.match(messages(report, 'channels'), /nobody will be paged/);
  assert.equal(existsSync(data), false);
});

test('embedded and running: asks the process that has the directory open, and leaves it as it was', async () => {
  const data = join(dir, 'running');
  const running = await startDriftline(['standalone', '--data', data, '--port', '0', '--sql-port', '0']);
  try {
    const env = { DRIFTLINE_SQL_PORT: new URL(running.sql).port };
    const report = await doctor(['--data', data], env);
    assert.equal(report.code, 0, JSON.stringify(report));
    assert.match(messages(report, 'data'), new RegExp(`in use by process ${running.child.pid}: standalone is running`));
    assert.match(messages(report, 'store'), /ClickHouse \d+\./);
    assert.match(messages(report, 'schema'), /all applied/);
    assert.match(messages(report, 'storage'), /disk/);
    assert.match(messages(report, 'records'), /no events left out/);
    assert.match(messages(report, 'clocks'), /the store's clock agrees/);
    assert.equal((await fetch(`${running.http}/readyz`)).status, 200);
  } finally {
    assert.equal(await running.end('SIGTERM'), 0);
  }
  const after = await doctor(['--data', data], { UV_THREADPOOL_SIZE: '4', DRIFTLINE_SQL_PORT: '1' });
  assert.match(messages(after, 'data'), /is not in use/);
  assert.match(messages(after, 'process'), /UV_THREADPOOL_SIZE is 4/);
});

test('a configuration with errors: exit 2, and an unknown format', async () => {
  const file = join(dir, 'bad.yaml');
  writeFileSync(file, 'nonsense: 1\n');
  assert.equal((await runDriftline(['doctor', '--config', file])).code, 2);
  assert.equal((await runDriftline(['doctor', '--format', 'xml'])).code, 2);
});
