import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Rule } from './support/store-proxy.ts';
import { openFaultWorld } from './support/world.ts';

type Point = Pick<Rule, 'match' | 'at'> & { name: string };

const insert = (table: string, data = '') => new RegExp(`^INSERT INTO \`${table}\`[^\n]*\n.*${data}`, 's');

/** The statements in the order in which a flush makes them; the commit follows the closing manifest. */
const POINTS: Point[] = [
  {
    name: 'a chunk is about to be opened',
    at: 'before',
    match: insert('manifest_rows', '"chunk_start":(\\d+),.*"reach":\\1,'),
  },
  { name: 'a chunk is opened', at: 'after', match: insert('manifest_rows', '"chunk_start":(\\d+),.*"reach":\\1,') },
  { name: 'read, nothing written', at: 'before', match: insert('prediction_rows') },
  { name: 'raw rows written', at: 'after', match: insert('prediction_rows') },
  { name: 'before the insert of the ledger', at: 'before', match: insert('chunk_rows') },
  { name: 'after the insert of the ledger', at: 'after', match: insert('chunk_rows') },
  { name: 'mid-manifest, not yet written', at: 'before', match: insert('manifest_rows', '"closed":0') },
  { name: 'mid-manifest, written', at: 'after', match: insert('manifest_rows', '"closed":0') },
  { name: 'before the manifest that closes', at: 'before', match: insert('manifest_rows', '"closed":1') },
  { name: 'before the commit', at: 'after', match: insert('manifest_rows', '"closed":1') },
];

test('row 01: killed between read, inserts, manifest and commit, another process goes on and nothing is lost or counted twice', async () => {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 256, sessionTimeout: '1s', seed: 101 });
  after(() => world.close());
  const members = [world.member('aggregator'), world.member('aggregator')];
  await Promise.all(members.map((member) => member.start()));
  for (const { name, at, match } of POINTS) {
    const rule = world.proxy.arm({ match, at, act: 'kill' });
    // More than a chunk for each partition, so that every point is passed.
    await world.feeder.feed(700, world.all);
    await eventually(`killed: ${name}`, () => rule.used() === 1);
    const killed = await eventually('the dead member', () => members.find((member) => !member.running));
    killed!.spawn();
    await world.verify().catch((error: Error) => {
      throw new Error(`killed when ${name}: ${error.message}`, { cause: error });
    });
  }
});
