import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import kafkajs from 'kafkajs';
import { administer } from './support/admin.ts';
import { openFaultWorld } from './support/world.ts';

test('row 13: a compacted input topic is refused at start, by name', async () => {
  const world = await openFaultWorld({ seed: 1301 });
  after(() => world.close());
  const policy = (name: string, value: string) =>
    administer(world.bootstrap, (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          { type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries: [{ name: 'cleanup.policy', value }] },
        ],
      }),
    );
  await world.feeder.feed(100, world.all);
  for (const topic of ['driftline.predictions', 'driftline.labels']) {
    await policy(topic, 'compact,delete');
    const refused = world.member('aggregator');
    refused.spawn();
    assert.notEqual(await refused.ended(), 0);
    assert.match(refused.output(), new RegExp(`topic ${topic} is compacted .*set its cleanup.policy to delete`));
    await policy(topic, 'delete');
  }
  await world.start('aggregator');
  await world.verify();
});
