import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { checkEpisodes, openEpisodeWorld, type Patterns, sendWindows, untilOver } from './support/episodes.ts';
import { Random } from './support/random.ts';

const PATTERNS: Patterns = {
  m0: '.D.DD.D..D',
  m1: 'DD..D.DDD.',
  m2: '...D..D.D.',
  m3: 'D.D.D.D.D.',
};
const ENDED: Patterns = Object.fromEntries(Object.entries(PATTERNS).map(([model, pattern]) => [model, `${pattern}.`]));
const SEED = Number(process.env.DRIFTLINE_TEST_SEED ?? 2503);
const KILLS = 12;

test(`row 25: detectors and notifiers killed at random while episodes fire and resolve: every firing is told, delivered under one key, and ends (seed ${SEED})`, async () => {
  const world = await openEpisodeWorld(ENDED, { sessionTimeout: '1s', seed: SEED });
  after(() => world.close());
  await world.start('aggregator');
  const victims = await Promise.all(
    (['detector', 'detector', 'notifier', 'notifier'] as const).map((service) => world.start(service)),
  );
  const random = new Random(SEED);
  const sending = sendWindows(world, ENDED, { first: 0, end: ENDED.m0!.length }, 500);
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(random.between(100, 1_200));
    const victim = random.pick(victims);
    await victim.restart();
  }
  await sending;
  await untilOver(world, ENDED, 120_000);
  const waiting = "SELECT toUInt32(count()) AS n FROM deliveries WHERE state != 'sent'";
  const open = "SELECT toUInt32(count()) AS n FROM incidents WHERE state != 'resolved'";
  const none = async (query: string) => (await world.sql<{ n: number }>(query))[0]!.n === 0;
  await eventually('every incident resolved', () => none(open), 60_000);
  await eventually('everything delivered', () => none(waiting), 60_000);

  await checkEpisodes(world, ENDED);
  const incidents = await world.sql<{ incident: string }>('SELECT incident FROM incidents ORDER BY incident');
  const firing = await world.sql<{ incident: string }>(
    "SELECT DISTINCT incident FROM alerts WHERE incident != '' ORDER BY incident",
  );
  assert.deepEqual(firing, incidents, 'every firing belongs to an incident');
  const kept = world.pagerduty.incidents().map(({ dedupKey, state }) => ({ incident: dedupKey, state }));
  assert.deepEqual(
    kept.sort((a, b) => (a.incident < b.incident ? -1 : 1)),
    incidents.map(({ incident }) => ({ incident, state: 'resolved' })),
    'each was delivered, under one key, and resolved',
  );
});
