import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { Random } from './support/random.ts';
import { storeCommand } from './support/store-command.ts';
import { openFaultWorld } from './support/world.ts';

const KILLS = 8;
const INSERTS = ['manifest_rows', 'chunk_rows', 'prediction_rows'];

test('row 17: the store itself is killed during inserts and merges: what it acknowledged is there, the rest is written again', async () => {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 512, seed: 1702 });
  after(() => world.close());
  const random = new Random(1702);
  await Promise.all([world.start('aggregator'), world.start('aggregator')]);
  const stream = world.feeder.run(400, world.all);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const table = INSERTS[kill % INSERTS.length]!;
    // Some moment after the statement was handed over; every other time a merge is begun, too.
    const killStore = async (): Promise<void> => {
      if (kill % 2 === 0) storeCommand(world, `OPTIMIZE TABLE ${table} FINAL`).catch(() => {});
      setTimeout(() => void world.store.kill(), random.between(0, 40));
    };
    const rule = world.proxy.arm({
      match: new RegExp(`^INSERT INTO \`${table}\``),
      at: 'before',
      act: { call: killStore },
    });
    await eventually(
      `the store is killed near an insert into ${table}`,
      () => rule.used() === 1 && !world.store.running,
    );
    await sleep(random.between(0, 1_000));
    await world.store.start();
  }
  await stream.stop();
  await world.verify();
});
