import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const dir = mkdtempSync(join(tmpdir(), 'driftline-readme-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** Code blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code);
}

/** Commands of the shell blocks: continued lines and quoted line ends belong together. */
function commands(): string[] {
  return blocks('sh').flatMap((block) => {
    const found: string[] = [];
    for (const line of block.replaceAll('\\\n', ' ').split('\n')) {
      const open = found.at(-1);
      if (open !== undefined && open.split("'").length % 2 === 0) found[found.length - 1] = `${open}\n${line}`;
      else if (line.trim() !== '') found.push(line);
    }
    return found;
  });
}

function shell(command: string): string {
  const driftline = `${process.execPath} ${join(ROOT, 'bin/driftline.cjs')}`;
  const here = command
    .replaceAll('npx driftline', driftline)
    .replaceAll('services/demo/data', join(ROOT, 'services/demo/data'));
  const result = spawnSync('bash', ['-c', here], { cwd: dir, encoding: 'utf8', timeout: 120_000 });
  assert.equal(result.status, 0, `${command}\n${result.stderr}`);
  return result.stdout;
}

test('every file and every npm script that the README names exists', () => {
  const links = [...README.matchAll(/\]\(([^)#]+)\)/g)]
    .map(([, path = '']) => path)
    .filter((path) => !path.startsWith('http'));
  assert.ok(links.length > 10);
  for (const path of links) assert.ok(existsSync(join(ROOT, path)), path);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const [, name = ''] of README.matchAll(/npm run ([\w:]+)/g)) assert.ok(scripts[name], name);
});

test('what the README tells a newcomer to type works as it stands', async () => {
  const all = commands();
  const find = (start: string): string => {
    const found = all.find((command) => command.startsWith(start));
    assert.ok(found, `the README has a command that starts with ${start}`);
    return found;
  };
  shell(find('npx driftline monitors init'));
  assert.match(shell(find('npx driftline validate')), /monitor car-loan-drift/);
  const args = find('npx driftline standalone').split(/\s+/).slice(2);
  assert.deepEqual(args, ['standalone', '--config', 'driftline.yaml', '--data', './data']);
  const paths = [args[0]!, '--config', join(dir, 'driftline.yaml'), '--data', join(dir, 'data')];
  const driftline = await startDriftline([...paths, '--port', '0', '--sql-port', '0']);
  try {
    const local = (command: string) =>
      command.replace('http://127.0.0.1:8080', driftline.http).replace('http://127.0.0.1:8123', driftline.sql);
    const posts = all.filter((command) => command.startsWith('curl') && command.includes('/v1/'));
    assert.equal(posts.length, 2);
    for (const post of posts) assert.deepEqual(JSON.parse(shell(local(post))), { accepted: 1, rejected: [] });
    shell(local(find("curl -s 'http://127.0.0.1:8123")));
    const count = `curl -s '${driftline.sql}/?database=driftline' --data-binary "SELECT count() FROM predictions AS p JOIN labels AS l USING (prediction_id)"`;
    await eventually('the prediction and its label in SQL', () => shell(count).trim() === '1');
  } finally {
    assert.equal(await driftline.end('SIGTERM'), 0);
  }
});

test('its configuration for Kafka and ClickHouse is valid', () => {
  const [yaml = ''] = blocks('yaml');
  writeFileSync(join(dir, 'cluster.yaml'), yaml);
  assert.match(shell('npx driftline validate --config cluster.yaml'), /kafka at 127\.0\.0\.1:9092/);
});

test('the long suites that the README names take the flags it shows: the faults list their files, the soak says how it is used', () => {
  const [faults, soak, ...rest] = [...README.matchAll(/`npm run (test:[^`]+)`/g)].map(([, script = '']) => script);
  assert.deepEqual([faults, soak?.split(' ')[0], rest], ['test:faults', 'test:soak', []]);
  const npm = (script: string): string => shell(`npm run --silent --prefix ${ROOT} ${script}`);
  const files = npm(`${faults} -- --list`).trim().split('\n');
  for (const file of files) assert.ok(existsSync(join(ROOT, file)), file);
  const rows = new Set(files.map((file) => /row-(\d+)/.exec(file)?.[1]));
  for (let row = 1; row <= 25; row += 1) assert.ok(rows.has(String(row).padStart(2, '0')), `row ${row}`);
  assert.match(npm(`${soak} --help`), /^npm run test:soak -- \[--minutes M\]/);
});
