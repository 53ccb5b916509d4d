import { insertSealed } from '../../lib/tables/sealed.ts';
import { rollUp } from '../../services/detector/roll-up.ts';
import { expect, measured } from './cpu.ts';
import { featureName, MINUTE, modelName, numericSketch, type Size, T0 } from './ledger.ts';
import { World } from './world.ts';

const MINUTES = 60;
const PERIOD = { version: '1', role: 'champion', start: T0, end: T0 + MINUTES * MINUTE };

/** One hour of one model, from 60 sealed windows; then the same by a detector that does it again. */
export async function rollUpHour(size: Size): Promise<Record<string, unknown>> {
  const world = await World.open(size);
  const { features, events } = size;
  try {
    for (let minute = 0; minute < MINUTES; minute += 1) await seal(world, minute);
    await world.settled();
    const { ms, cpuMs } = await measured(() =>
      rollUp(world.store, modelName(0), 'hour', PERIOD, new AbortController().signal),
    );
    const [hour] = await world.store.query(
      "SELECT count() AS columns, min(n) AS least FROM hour_rows FINAL WHERE feature != ''",
    );
    expect('columns of the hour', hour, { columns: features, least: MINUTES * events });
    const each = cpuMs / features;
    console.log(
      `\nan hour of ${features} columns from ${MINUTES} windows of ${events} events each: ${Math.round(ms)} ms, CPU ${Math.round(cpuMs)} ms, ${each.toFixed(1)} ms a column`,
    );
    return { ms, cpuMs, cpuMsAColumn: each };
  } finally {
    await world.close();
  }
}

async function seal({ store, size }: World, minute: number): Promise<void> {
  const window = { start: T0 + minute * MINUTE, end: T0 + (minute + 1) * MINUTE };
  const common = { segment: '', count: size.events, errors: 0, grid: null, note: '' };
  const columns = Array.from({ length: size.features }, (_, f) => {
    const sketch = numericSketch(size.events, minute * 1_000 + f, 0);
    return { ...common, feature: featureName(f), kind: 'numeric' as const, sketch };
  });
  const sealed = {
    ...{ model: modelName(0), version: '1', role: 'champion', window, events: size.events, covered: size.events },
    ...{
      coverage: [],
      specIds: [],
      columns: [{ ...common, feature: '', kind: '' as const, sketch: null }, ...columns],
    },
  };
  await insertSealed(
    store,
    [{ window: sealed, sealed: { state: 'complete', revision: 0 }, timezone: 'UTC' }],
    () => null,
  );
}
