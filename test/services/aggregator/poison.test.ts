import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { createRegistry } from '../../../lib/runtime/metrics.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { type World, Worlds } from './harness.ts';

const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

const good = (i: number) => ({ prediction_id: `p${i}`, model: 'm', timestamp: Date.now(), features: { x: i } });
const label = (i: number) => ({ prediction_id: `p${i}`, model: 'm', label: i, timestamp: Date.now() });
const times = <T>(count: number, value: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => value(i));

/** Offsets of all dead letters of a topic, each as often as it was published. */
async function listen(world: World, topic: string): Promise<number[]> {
  const offsets: number[] = [];
  await world.log.consume({
    group: `letters-${Math.random()}`,
    topics: [TOPICS.deadLetters],
    handlers: {
      onAssigned: async () => ({ offset: 0 }),
      onRevoked: async () => {},
      onBatch: async ({ records }) => {
        for (const { value } of records) {
          const letter = JSON.parse(value!.toString()) as { topic: string; offset: number };
          if (letter.topic === topic) offsets.push(letter.offset);
        }
      },
    },
  });
  return offsets;
}

async function events(world: World): Promise<number> {
  const rows = await world.store.query<{ n: number }>(
    "SELECT sum(count) AS n FROM chunk_rows FINAL WHERE feature = '' AND segment = ''",
  );
  return rows[0]!.n;
}

async function halted(world: World, metrics = createRegistry()) {
  const service = await world.start({ metrics });
  await eventually('the partition to halt', async () => service.notReady()?.includes('could not be read') === true);
  return { reason: service.notReady()!, metrics: await metrics.metrics() };
}

// Chunks of 256: a run is 128 records, so that with a limit of one half the 65th bad one in a row is one too many.
const SETTINGS = { chunkSize: 256, deadLetterLimit: 0.5 };
const ALL = times(310, (i) => i);

test('a partition that turned to poison halts at one offset for good, and diverts nothing behind it', async () => {
  const world = await worlds.world(SETTINGS);
  const letters = await listen(world, TOPICS.predictions);
  await world.send(0, [...times(110, good), ...times(100, () => '{"broken'), ...times(100, () => '{"broken')]);
  await world.send(1, times(20, good));
  const first = await halted(world);
  // 64 of the last 128 are bad before offset 174: not more than half; 65 before offset 175.
  assert.match(
    first.reason,
    /predictions\/0: 51 % of the 128 records before offset 175 .* dead_letter_limit to 1|51 %/,
  );
  assert.match(first.metrics, /driftline_partition_halted\{topic="driftline.predictions",partition="0"\} 1\n/);
  await eventually('the neighbours, and the other partition', async () => (await events(world)) === 130);
  await eventually('its letters', async () => letters.length === 65);
  for (let restart = 0; restart < 2; restart += 1) {
    await world.stop();
    assert.match((await halted(world)).reason, /before offset 175 /);
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(
    letters.toSorted((a, b) => a - b),
    times(65, (i) => 110 + i),
    'each once, over three runs',
  );
  await world.close();
});

test('killed before it has written anything of the run, it halts at the same offset', async () => {
  const world = await worlds.world({ ...SETTINGS, flushIntervalMs: 5 });
  await world.send(0, [...times(110, good), ...times(200, () => '{"broken')]);
  let inserts = 0;
  const insert: World['store']['insert'] = async (table, rows) => {
    inserts += 1;
    if (inserts > 1) throw new Error('the process is killed here');
    await world.store.insert(table, rows);
  };
  await world.start({ store: replacing(world.store, { insert }) }, { lastFlushMs: 1 });
  await eventually('the kill', async () => inserts > 1);
  await world.stop();
  assert.match((await halted(world)).reason, /before offset 175 /);
  await world.close();
});

test('with the limit at 1 the poison goes to the dead letters; set back, what is behind is not judged again', async () => {
  const world = await worlds.world(SETTINGS);
  await world.send(0, [...times(20, good), ...times(200, () => '{"broken')]);
  await halted(world);
  const open = await world.reopen({ aggregation: { ...world.config.aggregation, deadLetterLimit: 1 } });
  const all = await listen(open, TOPICS.predictions);
  await open.start();
  await open.settled();
  await open.send(0, times(30, good));
  await open.settled();
  await eventually('all letters', async () => all.length === 200);
  const back = await open.reopen({ aggregation: { ...open.config.aggregation, deadLetterLimit: 0.5 } });
  const service = await back.start();
  await back.send(0, times(20, good));
  // Still more than half of the last 128 are bad, from the first record on that was not let through: it halts once more.
  await eventually('set back too early', async () => service.notReady()?.includes('before offset 250') === true);
  await back.close();
});

test('labels: the same, counted again from before the committed offset', async () => {
  const world = await worlds.world({ deadLetterLimit: 0.5 });
  const letters = await listen(world, TOPICS.labels);
  const send = (values: readonly unknown[]) =>
    world.log.append(
      TOPICS.labels,
      values.map((value) => ({
        key: null,
        partition: 0,
        value: typeof value === 'string' ? value : JSON.stringify(value),
      })),
    );
  await send([...times(900, label), ...times(900, () => 'no label')]);
  assert.match((await halted(world)).reason, /labels\/0: 50 % of the 1000 records before offset 1401 /);
  await eventually('its letters', async () => letters.length === 501);
  await world.stop();
  await send(times(50, label));
  assert.match((await halted(world)).reason, /before offset 1401 /);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(letters.length, 501);
  const stored = await world.store.query('SELECT count() AS n FROM label_rows FINAL');
  assert.deepEqual(stored, [{ n: 900 }]);
  await world.close();
});

test('below the limit nothing halts', async () => {
  const world = await worlds.world(SETTINGS);
  const service = await world.start();
  await world.send(
    0,
    ALL.map((i) => (i % 2 === 0 ? good(i) : '{"broken')),
  );
  await world.settled();
  assert.equal(service.notReady(), null);
  assert.equal(await events(world), 155);
  await world.close();
});
