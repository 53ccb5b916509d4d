import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { checkOnce, openPagingWorld, triggers } from './support/paging-world.ts';
import type { Act, Rule } from './support/store-proxy.ts';

/** Two and no more: each is answered by a wait of up to five seconds. */
const TIMES = 2;
const INSERT = /^INSERT/;
const SELECT = /^\s*(SELECT|WITH)/;

const STD = 'std::exception. Code: 1001, type: std::filesystem::filesystem_error, e.what() = No space left on device';

/** Answers that say 200 and are none. `before`: nothing was executed; `after`: all of it was. */
const LIES: { name: string; act: Act; at: Rule['at'] }[] = [
  { name: 'an exception in the body', act: { exception: 'body' }, at: 'before' },
  { name: 'an exception in a header', act: { exception: 'header' }, at: 'before' },
  { name: 'an exception in the body after all was done', act: { exception: 'body' }, at: 'after' },
  { name: 'a full disk in the words of a library', act: { exception: 'body', message: STD }, at: 'before' },
  { name: 'an empty answer of some proxy', act: { status: 200 }, at: 'before' },
  { name: 'a page of some proxy', act: { status: 200, body: '<html>Service is starting</html>' }, at: 'before' },
  { name: 'half an answer', act: 'cutReply', at: 'after' },
];

test('row 18: HTTP 200 with an exception, or that is none: never taken for success, nor for an empty or short result', async () => {
  const world = await openPagingWorld({ seed: 1801 });
  after(() => world.close());
  const services = ['aggregator', 'aggregator', 'detector', 'notifier'] as const;
  await Promise.all(services.map((service) => world.start(service)));
  for (const { name, act, at } of LIES) {
    const rules = [INSERT, SELECT].map((match) => world.proxy.arm({ match, at, act, times: TIMES }));
    await world.feeder.feed(600, world.all);
    await eventually(
      `answered with ${name}`,
      async () => {
        if (rules.every((rule) => rule.used() === TIMES)) return true;
        await world.feeder.feed(20, world.all);
        return false;
      },
      120_000,
    );
  }
  // Starts read what to go on from: the worst place for a result that is short.
  for (const act of [{ exception: 'body' }, { status: 200 }, 'cutReply'] as const) {
    const at = act === 'cutReply' ? 'after' : 'before';
    const rule = world.proxy.arm({ match: /FROM (manifest_rows|chunk_rows|aggregation_specs)/, at, act, times: 3 });
    for (const member of world.members.values()) await member.restart();
    await world.feeder.feed(600, world.all);
    await eventually('answered to those that start', () => rule.used() === 3, 180_000);
  }
  await eventually('a page', () => triggers(world).length > 0, 90_000);
  await world.verify({ sealed: true });
  await checkOnce(world);
});
