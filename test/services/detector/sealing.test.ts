import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { Prediction } from '../../../lib/core/events/types.ts';
import { eventually } from '../../support/eventually.ts';
import { end, events } from './fixtures.ts';
import { Engine, type World } from './harness.ts';

const engine = new Engine();
let world: World;
before(() => engine.open());
afterEach(() => world?.close());
after(() => engine.close());

interface Sealed {
  start: number;
  feature: string;
  segment: string;
  count: number;
  errors: number;
  missing: number;
  n: number;
  min: number;
  max: number;
  mean: number;
  cells: number[];
  cell_counts: number[];
  state: string;
  revision: number;
  covered: number;
  coverage: string;
  note: string;
}

const sealed = () =>
  world.store.query<Sealed>(
    `SELECT toUnixTimestamp64Milli(window_start) AS start, feature, segment, count, errors, missing, n, min, max, mean, cells,
       cell_counts, state, revision, covered, coverage, note
     FROM window_rows FINAL ORDER BY window_start, segment, feature`,
  );
const heads = async () => (await sealed()).filter((row) => row.feature === '' && row.segment === '');
const sealedWindows = (count: number) =>
  eventually(`${count} sealed windows`, async () => (await heads()).length >= count);

/** Every second event to the other partition. */
function spread(all: readonly Prediction[]): void {
  world.add(
    0,
    all.filter((_, i) => i % 2 === 0),
  );
  world.add(
    1,
    all.filter((_, i) => i % 2 === 1),
  );
}

test('sealed rows equal a recount of the events, whole and by segment, over partitions', async () => {
  world = await engine.world({ partitions: 2 });
  await world.start();
  const all = [events(0, 331, { missing: 0.1 }), events(1, 200)];
  spread(all[0]!);
  await world.flush(0, end(0));
  spread(all[1]!);
  await world.flush(0, end(1) + 1_000);
  await world.flush(1, end(1) + 1_000);
  await sealedWindows(2);
  const rows = await sealed();
  for (const own of all) {
    for (const segment of ['', 'region=MA', 'region=NY']) {
      const members = own.filter((event) => segment === '' || `region=${event.segments.get('region')}` === segment);
      const start = Math.floor(members[0]!.timestamp / 60_000) * 60_000;
      const find = (feature: string) =>
        rows.find((row) => row.start === start && row.feature === feature && row.segment === segment)!;
      assert.equal(find('').count, members.length);
      assert.equal(find('').errors, members.filter((event) => event.error !== null).length);
      for (const feature of ['x0', 'x1']) {
        const values = members.map((event) => event.features.get(feature) as number | null).filter((v) => v !== null);
        const row = find(feature);
        assert.equal(row.count, members.length);
        assert.equal(row.missing, members.length - values.length);
        assert.equal(row.n, values.length);
        if (segment === '') {
          assert.equal(row.min, Math.min(...values));
          assert.equal(row.max, Math.max(...values));
          assert.ok(Math.abs(row.mean - values.reduce((a, b) => a + b) / values.length) < 1e-9);
        } else {
          const { grid } = world.spec.models[0]!.columns.find((column) => column.name === feature)!;
          assert.ok(grid.kind === 'numeric');
          const cellOf = (value: number) => grid.edges.filter((edge) => edge < value).length;
          const expected = new Map<number, number>();
          for (const value of values) expected.set(cellOf(value), (expected.get(cellOf(value)) ?? 0) + 1);
          assert.deepEqual(
            new Map(row.cells.map((cell, i) => [cell, row.cell_counts[i]])),
            new Map([...expected].sort((a, b) => a[0] - b[0])),
          );
        }
      }
    }
  }
});

test('a window is sealed once every partition has passed its end and the allowed delay, not before', async () => {
  world = await engine.world({ partitions: 2 });
  await world.start();
  world.add(0, events(0, 100));
  await world.flush(0, end(0) + 5_000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(await heads(), [], 'partition 1 was never heard of');
  await world.flush(1, end(0) + 999);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(await heads(), [], 'partition 1 is within the allowed delay');
  await world.flush(1, end(0) + 1_000);
  await sealedWindows(1);
  const [head] = await heads();
  assert.deepEqual([head?.count, head?.state, head?.revision], [100, 'complete', 0]);
});

test('late data seals the window again with a higher revision; less coverage never does', async () => {
  world = await engine.world();
  const service = await world.start();
  world.add(0, events(0, 100));
  await world.flush(0, end(0) + 1_000);
  await sealedWindows(1);
  world.add(0, events(0, 20));
  await world.flush(0, end(0) + 1_000);
  await eventually('a revision', async () => (await heads())[0]?.revision === 1);
  const revised = await sealed();
  assert.ok(revised.every((row) => row.state === 'revised' && row.revision === 1));
  assert.equal((await heads())[0]?.count, 120);
  assert.deepEqual(JSON.parse((await heads())[0]!.coverage)[0].slice(2), [0, 120]);
  // The ledger loses its rows (as by its TTL) but for a part: what is sealed must stay.
  await service.stop();
  await world.store.command('TRUNCATE TABLE chunk_rows');
  world.restarted();
  world.add(0, events(0, 50));
  await world.start();
  await world.flush(0, end(0) + 1_000);
  world.add(0, events(1, 10));
  await world.flush(0, end(1) + 1_000);
  await sealedWindows(2);
  assert.equal((await heads())[0]?.count, 120);
});

test('rows ahead of their manifest are a flush under way: the window waits for it', async () => {
  world = await engine.world();
  await world.start();
  world.add(0, events(0, 100));
  await world.flush(0, end(0) + 1_000, { manifest: false });
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.deepEqual(await heads(), []);
  await world.writeManifest(0);
  await sealedWindows(1);
  assert.equal((await heads())[0]?.count, 100);
});

test('rows of an opening that does not bind are not counted', async () => {
  world = await engine.world();
  const { spec } = world;
  world.add(0, events(0, 100));
  await world.flush(0, end(0), { announce: false });
  // Another aggregator opened the same chunk under another spec in a later generation of the group.
  world.restarted();
  await world.useSpec({ ...spec, horizonMs: spec.horizonMs + 1 }, 2);
  world.add(0, events(0, 100));
  await world.start();
  await world.flush(0, end(0) + 1_000);
  await sealedWindows(1);
  assert.equal((await heads())[0]?.count, 100);
});

test('chunks of different specs: whole columns are sealed, segments only on a shared grid', async () => {
  world = await engine.world();
  await world.start();
  const { spec } = world;
  world.add(0, events(0, 100));
  await world.flush(0, end(0) - 1);
  const columns = spec.models[0]!.columns.map((column) =>
    column.name === 'x0' ? { ...column, grid: { kind: 'numeric' as const, edges: [1, 2, 3] } } : column,
  );
  await world.useSpec({ ...spec, models: [{ ...spec.models[0]!, columns }] });
  world.add(0, events(0, 50));
  await world.flush(0, end(0) + 1_000);
  await sealedWindows(1);
  const rows = await sealed();
  const find = (feature: string, segment: string) =>
    rows.find((row) => row.feature === feature && row.segment === segment)!;
  assert.equal(find('x0', '').n, 150);
  assert.deepEqual([find('', 'region=MA').count, find('', 'region=MA').note], [75, '']);
  assert.deepEqual([find('x1', 'region=MA').n, find('x1', 'region=MA').note], [75, '']);
  assert.deepEqual([find('x0', 'region=MA').n, find('x0', 'region=MA').note], [0, 'spec changed']);
});

test('a column that some chunks do not carry has their events as missing', async () => {
  world = await engine.world({ partitions: 2 });
  await world.start();
  const extra = events(0, 60).map((event) => ({ ...event, features: new Map([...event.features, ['new', 1]]) }));
  world.add(0, extra);
  world.add(1, events(0, 40));
  await world.flush(0, end(0) + 1_000);
  await world.flush(1, end(0) + 1_000);
  await sealedWindows(1);
  const row = (await sealed()).find(({ feature }) => feature === 'new');
  assert.deepEqual([row?.count, row?.missing, row?.n], [100, 40, 60]);
});
