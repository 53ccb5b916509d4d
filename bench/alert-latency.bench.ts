/**
 * From a window's end to the alert and to PagerDuty: `tsx bench/alert-latency.bench.ts [--windows 40] [--seconds 5] [--json]`.
 * A real `driftline standalone` with default settings (but windows of so many seconds, an allowed delay of 1 s, persistence 1)
 * takes a live stream of a dozen models over HTTP; in each window another model drifts, so that each brings an alert and a
 * page. Completion is the window's end and the allowed delay; the alert's time is that of its outbox row, which is written
 * right before it is published; the page's is when the local PagerDuty took it. Fails unless every window brought its page.
 */
import { parseArgs } from 'node:util';
import { eventually, sleep } from '../test/support/eventually.ts';
import { openStandaloneWorld, type StandaloneWorld } from '../test/support/standalone-world.ts';

const { values } = parseArgs({
  options: {
    windows: { type: 'string', default: '40' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const WINDOWS = Number(values.windows);
const LENGTH = Number(values.seconds) * 1_000;
const DELAY = 1_000;
const MODELS = Array.from({ length: 12 }, (_, i) => `live${String(i).padStart(2, '0')}`);
const TICK = 100;
/** Events a second and model. */
const RATE = 100;
const PATIENCE = 60_000;

const spread = (index: number): number => ((index * 7) % 1009) / 1009;
const drifting = (window: number): string => MODELS[window % MODELS.length]!;

interface Drift {
  model: string;
  /** End and allowed delay, ms. */
  complete: number;
}

async function main(): Promise<void> {
  const world = await open();
  try {
    const start = Math.ceil((Date.now() + 1_000) / LENGTH) * LENGTH;
    const drifts = await stream(world, start);
    const paged = () => pageTimes(triggers(world), drifts);
    await eventually('a page of each window', () => !paged().includes(null), PATIENCE);
    report(drifts, await alertTimes(world, drifts), paged() as number[]);
  } finally {
    await world.close();
  }
}

function open(): Promise<StandaloneWorld> {
  const rows = Array.from({ length: 5_045 }, (_, index) => String(100 * spread(index)));
  const model = (name: string) =>
    `{name: ${name}, window: ${LENGTH / 1_000}s, reference: {name: base, file: reference.csv}}`;
  const monitor = (name: string) => `{name: ${name}-drift, model: ${name}, min_samples: 50, persistence: 1}`;
  return openStandaloneWorld({
    files: { 'reference.csv': `amount\n${rows.join('\n')}\n` },
    config: [
      'log: {kind: embedded, partitions: 2}',
      `aggregation: {allowed_delay: ${DELAY}ms}`,
      `models: [${MODELS.map(model).join(', ')}]`,
      `monitors: [${MODELS.map(monitor).join(', ')}]`,
    ],
  });
}

/** Sends WINDOWS windows and two more, so that idleness completes none of them. */
async function stream(world: StandaloneWorld, start: number): Promise<Drift[]> {
  const serials = new Map<string, number>();
  await sleep(start - Date.now());
  for (let now = Date.now(); now < start + (WINDOWS + 2) * LENGTH; now = Date.now()) {
    const drifted = Math.floor((now - start) / LENGTH);
    const events = MODELS.flatMap((model) => {
      const factor = drifted < WINDOWS && drifting(drifted) === model ? 3 : 1;
      return Array.from({ length: (RATE * TICK) / 1_000 }, () => {
        const serial = (serials.get(model) ?? 0) + 1;
        serials.set(model, serial);
        return {
          prediction_id: `${model}-${serial}`,
          model,
          timestamp: now,
          features: { amount: 100 * factor * spread(serial) },
        };
      });
    });
    await world.post('predictions', events);
    await sleep(Math.max(0, now + TICK - Date.now()));
  }
  return Array.from({ length: WINDOWS }, (_, window) => ({
    model: drifting(window),
    complete: start + (window + 1) * LENGTH + DELAY,
  }));
}

function triggers(world: StandaloneWorld) {
  return world.pages().filter(({ event }) => event.event_action === 'trigger');
}

/** When each window's page came, ms, or null; a model's pages come in the order of its windows. */
function pageTimes(pages: ReturnType<typeof triggers>, drifts: readonly Drift[]): (number | null)[] {
  return drifts.map(({ model }, window) => {
    const own = pages.filter(({ event }) => event.payload?.summary.includes(model));
    return own[Math.floor(window / MODELS.length)]?.receivedAt ?? null;
  });
}

/** When each window's alert was written as firing first, ms. */
async function alertTimes(world: StandaloneWorld, drifts: readonly Drift[]): Promise<number[]> {
  const rows = await world.sql<{ model: string; written: number }>(
    `SELECT model, toFloat64(toUnixTimestamp64Milli(min(written_at))) AS written
     FROM alert_rows WHERE state = 'firing' GROUP BY model, episode ORDER BY written`,
  );
  return drifts.map(({ model }, window) => {
    const own = rows.filter((row) => row.model === model);
    if (own.length > Math.ceil(drifts.length / MODELS.length)) throw new Error(`${model} alerted without drift`);
    return own[Math.floor(window / MODELS.length)]!.written;
  });
}

function report(drifts: readonly Drift[], alerts: readonly number[], pages: readonly number[]): void {
  const figures = {
    'complete to alert': quantiles(alerts.map((at, i) => at - drifts[i]!.complete)),
    'alert to PagerDuty': quantiles(pages.map((at, i) => at - alerts[i]!)),
    'complete to PagerDuty': quantiles(pages.map((at, i) => at - drifts[i]!.complete)),
  };
  console.log(
    `\n${WINDOWS} windows of ${LENGTH / 1_000} s; ms:\n\n| | p50 | p90 | p99 | greatest |\n| --- | ---: | ---: | ---: | ---: |`,
  );
  for (const [what, { p50, p90, p99, most }] of Object.entries(figures)) {
    console.log(`| ${what} | ${p50} | ${p90} | ${p99} | ${most} |`);
  }
  if (values.json) console.log(JSON.stringify(figures));
}

function quantiles(ms: readonly number[]): Record<'p50' | 'p90' | 'p99' | 'most', number> {
  const ascending = ms.toSorted((a, b) => a - b);
  const at = (q: number): number => ascending[Math.min(ascending.length - 1, Math.floor(q * ascending.length))]!;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), most: ascending.at(-1)! };
}

await main();
