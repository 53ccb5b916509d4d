import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { checkEpisodes, openEpisodeWorld, type Patterns, sendWindows, untilOver } from './support/episodes.ts';

const PATTERNS: Patterns = { m0: 'D.D.D.D.D.D.', m1: '.DDDD..DDD..', m2: '....D.D...D.' };

/** The statements in the order in which a detector makes them; publishing follows the outbox. */
const POINTS = ['window_rows', 'score_window_rows', 'alert_rows'].flatMap((table) =>
  (['before', 'after'] as const).map((at) => ({ table, at, match: new RegExp(`^INSERT INTO \`${table}\``) })),
);

test('row 06: a detector killed around each of its writes, with another beside it: windows sealed once, no alert lost, none told in two ways', async () => {
  const world = await openEpisodeWorld(PATTERNS, { sessionTimeout: '1s', seed: 601 });
  after(() => world.close());
  await world.start('aggregator');
  const detectors = [await world.start('detector'), await world.start('detector')];
  for (const [number, { table, at, match }] of POINTS.entries()) {
    const rule = world.proxy.arm({ match, at, act: 'kill' });
    await sendWindows(world, PATTERNS, { first: 2 * number, end: 2 * number + 2 });
    await eventually(`killed ${at} ${table}`, () => rule.used() === 1, 120_000);
    const dead = await eventually('the dead detector', () => detectors.find((detector) => !detector.running));
    dead!.spawn();
  }
  await untilOver(world, PATTERNS, 120_000);
  await checkEpisodes(world, PATTERNS);
});
