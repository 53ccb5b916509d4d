import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { RULE_CASES, type RuleCase } from './rule-cases.ts';

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const RULES = join(root, 'infra/prometheus/rules/driftline.yml');
const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap((g) => g.rules);
const names = rules.map((rule) => rule.alert).sort();
const dir = mkdtempSync(join(tmpdir(), 'driftline-rules-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** Output of promtool; fails with it, and without promtool: Debian has it in the package prometheus. */
function promtool(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, `promtool ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}\n${stderr}`);
  return stdout;
}

function firingExpression({ alert, what, series, at, firing }: RuleCase): object {
  const labelsOf = (labels: Readonly<Record<string, string>>): string =>
    Object.entries({ ...labels, alertname: alert, alertstate: 'firing' })
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(', ');
  return {
    name: `${alert}: ${what}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${alert}", alertstate="firing"}`,
        eval_time: `${at}m`,
        exp_samples: firing.map((labels) => ({ labels: `ALERTS{${labelsOf(labels)}}`, value: 1 })),
      },
    ],
  };
}

test('promtool finds the rules well formed', () => {
  assert.match(promtool('check', 'rules', RULES), new RegExp(`SUCCESS: ${rules.length} rules found`));
});

test('promtool takes prometheus.yml as it is mounted, rules and key included', () => {
  const mounted = join(dir, 'etc');
  mkdirSync(join(mounted, 'rules'), { recursive: true });
  const key = join(root, 'infra/docker/prometheus-key.example');
  const text = readFileSync(join(root, 'infra/prometheus/prometheus.yml'), 'utf8');
  assert.ok(text.includes('/run/secrets/prometheus-key'));
  writeFileSync(join(mounted, 'prometheus.yml'), text.replace('/run/secrets/prometheus-key', key));
  writeFileSync(join(mounted, 'rules/driftline.yml'), readFileSync(RULES));
  const said = promtool('check', 'config', join(mounted, 'prometheus.yml'));
  assert.match(said, /1 rule files found/);
  const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: { prometheus: { volumes: string[] } };
  };
  assert.ok(compose.services.prometheus.volumes.includes('./infra/prometheus:/etc/prometheus:ro'));
});

test('every rule fires when it should, with its labels, and not when it should not', () => {
  for (const name of names) {
    const cases = RULE_CASES.filter((one) => one.alert === name);
    assert.ok(
      cases.some((one) => one.firing.length > 0),
      `no case in which ${name} fires`,
    );
    assert.ok(
      cases.some((one) => one.firing.length === 0),
      `no case in which ${name} stays silent`,
    );
  }
  assert.deepEqual([...new Set(RULE_CASES.map((one) => one.alert))].sort(), names);
  const file = join(dir, 'rules.test.yml');
  const tests = RULE_CASES.map(firingExpression);
  writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
  assert.match(promtool('test', 'rules', file), /SUCCESS/);
});

test('every rule has a severity, a summary, a description and a runbook, and every runbook a rule', () => {
  for (const { alert, labels, annotations } of rules) {
    assert.match(labels.severity ?? '', /^(critical|warning)$/, alert);
    assert.deepEqual(Object.keys(annotations).sort(), ['description', 'runbook', 'summary'], alert);
    assert.equal(annotations.runbook, `docs/runbooks/${alert}.md`);
  }
  const pages = readdirSync(join(root, 'docs/runbooks')).filter((name) => name !== 'README.md');
  assert.deepEqual(
    pages.sort(),
    names.map((name) => `${name}.md`),
  );
  const index = readFileSync(join(root, 'docs/runbooks/README.md'), 'utf8');
  const listed = [...index.matchAll(/^\| \[(\w+)\]\(\1\.md\) \| (critical|warning) \|/gm)].map((m) => [m[1], m[2]]);
  assert.deepEqual(listed.sort(), rules.map(({ alert, labels }) => [alert, labels.severity]).sort());
});

test('every runbook has the same parts', () => {
  for (const name of names) {
    const text = readFileSync(join(root, `docs/runbooks/${name}.md`), 'utf8');
    const heads = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]);
    assert.deepEqual(heads, [name, 'What it means', 'How bad', 'Look', 'Do', 'Do not'], name);
  }
});

test('every metric of a rule is documented, and so exists in the code', () => {
  const documented = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
  for (const { alert, expr } of rules) {
    for (const [name] of expr.matchAll(/\b(driftline|process|nodejs)_\w+/g)) {
      const base = name.replace(/_bucket$/, '');
      assert.ok(documented.includes(`\`${base}\``), `${alert} uses ${base}, which docs/metrics.md does not have`);
    }
  }
});
