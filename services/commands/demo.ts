import type { Command } from 'commander';
import { type Demo, runDemo } from '../demo/index.ts';
import { describeIncident, nextSteps } from '../demo/report.ts';
import { terminalProgress } from '../replay/progress.ts';
import { parsePort } from './options.ts';
import { loggerFor, print } from './run.ts';

interface DemoFlags {
  once: boolean;
  input?: string;
  data?: string;
  port: number;
  sqlPort?: number;
}

export function register(program: Command): void {
  program
    .command('demo')
    .description('replays two shipped streams through all of Driftline in this process, and shows the incident')
    .option('--once', 'end after the streams instead of serving the page', false)
    .option('--input <dir>', 'other files of the same names and columns as services/demo/data')
    .option('--data <dir>', 'keep the data here; absent: fresh data, removed at the end')
    .option('--port <port>', 'HTTP port of the page, 0: any free one', parsePort, 8080)
    .option('--sql-port <port>', 'port of the SQL interface (8123; with --port 0 any free one)', parsePort)
    .action(run);
}

async function run(flags: DemoFlags): Promise<void> {
  const abort = new AbortController();
  const stopped = signalled(abort);
  const demo = await play(flags, abort.signal).catch((error: unknown) => {
    if (abort.signal.aborted) return null;
    throw error;
  });
  if (demo === null) return;
  try {
    report(demo, flags.once);
    if (!flags.once) await Promise.race([stopped, demo.failed]);
  } finally {
    await demo.stop();
  }
}

function play(flags: DemoFlags, signal: AbortSignal): Promise<Demo> {
  return runDemo({
    ...(flags.input === undefined ? {} : { input: flags.input }),
    ...(flags.data === undefined ? {} : { dataDir: flags.data }),
    ports: { http: flags.port, sql: flags.sqlPort ?? (flags.port === 0 ? 0 : 8123) },
    logger: loggerFor('demo', null, 'warn'),
    progress: terminalProgress(process.stderr),
    onReady: ({ pageUrl, sqlUrl, pagerdutyUrl }) =>
      print(`ready http=${pageUrl} sql=${sqlUrl}${pagerdutyUrl === null ? '' : ` pagerduty=${pagerdutyUrl}`}`),
    signal,
  });
}

function signalled(abort: AbortController): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        abort.abort(new Error(`stopped by ${signal}`));
        resolve();
      });
    }
  });
}

function report(demo: Demo, once: boolean): void {
  for (const incident of demo.incidents) print(`${describeIncident(incident, demo.pageUrl)}\n`);
  if (once) {
    print(`PagerDuty's side: ${demo.pagerdutyUrl ?? 'the configured account'}`);
    print(`incidents: ${demo.incidents.length}`);
    return;
  }
  print(nextSteps(demo));
  print(`incidents: ${demo.incidents.length}`);
  print('Ctrl-C ends the demo.');
}
