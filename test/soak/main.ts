import { parseArgs } from 'node:util';
import { runSoak } from './soak.ts';

const USAGE =
  'npm run test:soak -- [--minutes M] [--seed S] [--store-down SECONDS] [--rate EVENTS/S] [--keep] [--quiet]';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    'store-down': { type: 'string' },
    rate: { type: 'string', default: '150' },
    keep: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seed = numberOf('seed', values.seed ?? String(Date.now() % 1_000_000));
  const minutes = numberOf('minutes', values.minutes);
  const storeDown = numberOf('store-down', values['store-down'] ?? String(Math.min(60, minutes * 6)));
  const rate = numberOf('rate', values.rate);
  if (values.keep) process.env.DRIFTLINE_TEST_KEEP = '1';
  console.log(
    `seed ${seed} (again: npm run test:soak -- --minutes ${minutes} --seed ${seed} --store-down ${storeDown})`,
  );
  const durations = { durationMs: minutes * 60_000, storeDownMs: storeDown * 1_000 };
  const { problems, timeline, report } = await runSoak({ seed, rate, echo: !values.quiet, ...durations });
  for (const line of report) console.log(line);
  if (problems.length === 0) {
    console.log(`seed ${seed}: clean`);
    return 0;
  }
  console.log(`seed ${seed}: ${problems.length} problems; timeline and logs: ${timeline}`);
  for (const problem of problems) console.log(`- ${problem}`);
  return 1;
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(`--${name} takes a number, not ${text}\n${USAGE}`);
  process.exit(2);
}

process.exitCode = await main();
// What a client library leaves open must not hold the result back.
setTimeout(() => process.exit(), 2_000).unref();
