import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openWorld } from './doctor-world.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const stops: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** Commands of a page's `sh` blocks, one a line. */
function commandsOf(page: string): string[] {
  const source = readFileSync(join(root, 'docs/runbooks', page), 'utf8');
  return [...source.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => block.trim().split('\n'));
}

async function bash(script: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  const child = spawn('bash', ['-c', script], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode ?? -1, output: output + errors };
}

test('every command of every runbook works as written', { timeout: 500_000 }, async () => {
  const world = await openWorld();
  stops.push(() => world.close());
  const config = world.config('good');
  const [aggregator, detector, notifier] = await Promise.all(
    ['aggregator', 'detector', 'notifier'].map((service) => world.start(service, config)),
  );
  const bin = join(world.dir, 'bin');
  mkdirSync(bin);
  symlinkSync(join(root, 'bin/driftline.cjs'), join(bin, 'driftline'));
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    CONFIG: config,
    BROKER: world.bootstrap,
    STORE: world.store.sql,
    AGGREGATOR: aggregator?.http,
    DETECTOR: detector?.http,
    NOTIFIER: notifier?.http,
  };
  const preamble = commandsOf('README.md').filter((line) => !line.startsWith('driftline'));
  const pages = readdirSync(join(root, 'docs/runbooks')).filter((name) => name !== 'README.md');
  const commands = new Map(pages.flatMap((page) => commandsOf(page).map((line): [string, string] => [line, page])));
  assert.ok(commands.size > 30, 'the pattern finds the commands');
  for (const [command, page] of commands) {
    const { code, output } = await bash(`set -e\n${preamble.join('\n')}\n${command}`, env);
    // kcat says so where there is nothing at the offset asked for.
    assert.equal(code, 0, `${page}: ${command}\n${output}`);
    assert.doesNotMatch(output, /Exception|^none: /m, `${page}: ${command}\n${output}`);
  }
});
