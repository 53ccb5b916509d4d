import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { PREDICTIONS } from './support/feeder.ts';
import { setCommittedOffset } from './support/group-offsets.ts';
import type { Rule } from './support/store-proxy.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

// What `npm test` runs of the fault suite: a few faults of rows 1 and 17, and that the oracle would notice if one had failed.
let world: FaultWorld;
before(async () => {
  world = await openFaultWorld({ partitions: 1, chunkSize: 256, sessionTimeout: '1s', seed: 1001 });
});
after(() => world.close());

const FAULTS: Pick<Rule, 'match' | 'at' | 'act'>[] = [
  { match: /^INSERT INTO `chunk_rows`/, at: 'after', act: 'dropReply' },
  { match: /^INSERT INTO `chunk_rows`/, at: 'after', act: 'kill' },
  { match: /^INSERT INTO `manifest_rows`.*"closed":1/s, at: 'before', act: 'kill' },
];

test('killed with half a flush done, replies lost: every view equals the recount of the log', async () => {
  const member = await world.start('aggregator');
  const armed = FAULTS.map((fault) => world.proxy.arm(fault));
  for (const fault of armed) {
    await world.feeder.feed(400, world.all);
    await eventually('the fault', () => fault.used() === 1);
    if (!member.running) member.spawn();
  }
  await world.verify();
  assert.ok(world.oracle.events > 1_100 && world.oracle.letters.size > 0 && world.oracle.losses.size > 0);
  assert.equal(await member.stop(), 0);
});

test('the oracle notices a commit too far, a raw row too many, and an event counted twice', async () => {
  const [committed] = await world.checkCommitted();
  await setCommittedOffset(world.bootstrap, world.group, PREDICTIONS, 0, committed! + 7);
  await assert.rejects(world.verify(), /committed offset \d+ of partition 0 is no boundary/);

  await world.execute(
    'INSERT INTO prediction_rows SELECT * REPLACE (offset + 100000 AS offset) FROM prediction_rows LIMIT 1',
  );
  await assert.rejects(world.verify(), /predictions of .*: \d+ rows, the recount has \d+/);

  await world.execute(
    "INSERT INTO chunk_rows SELECT * REPLACE (count + 1 AS count, covered + 1 AS covered) FROM chunk_rows FINAL WHERE feature = '' LIMIT 1",
  );
  await assert.rejects(world.verify(), /operations \[end, events, errors\]: 1 of \d+ differ/);
});
