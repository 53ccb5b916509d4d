import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { type KafkaCluster, startKafkaCluster } from '../support/kafka-broker.ts';
import { judged, leadership, takePartition } from './support/admin.ts';
import { PREDICTIONS } from './support/feeder.ts';
import { logOffsets } from './support/kcat.ts';
import { verify } from './support/verify.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

/** Two copies of each partition, on brokers of which one may lead without having all that was acknowledged. */
const UNCLEAN = {
  'default.replication.factor': '2',
  'min.insync.replicas': '1',
  'unclean.leader.election.enable': 'true',
};

async function endOf(world: FaultWorld): Promise<number> {
  const end = (await logOffsets(world.bootstrap, PREDICTIONS, 1, -1))[0]!;
  assert.ok(!Number.isNaN(end), 'no offsets');
  return end;
}

type Leadership = Awaited<ReturnType<typeof leadership>>;

/** Waits until the partition is led as asked. While brokers come and go, nobody may be there to say. */
function untilLed(world: FaultWorld, what: string, as: (now: Leadership) => boolean): Promise<Leadership> {
  const look = async (): Promise<Leadership | null> => {
    const now = await leadership(world.bootstrap).catch(() => null);
    return now !== null && as(now) ? now : null;
  };
  return eventually(what, look, 60_000) as Promise<Leadership>;
}

/** The follower misses what is written while it is away, and leads when the leader has died. Returns the dead one. */
async function truncate(world: FaultWorld, cluster: KafkaCluster, write: () => Promise<void>): Promise<number> {
  // Both copies in step, and one of them leading: neither is so right after brokers have come up.
  const { leader, replicas } = await untilLed(world, 'two copies', (now) => now.leader > 0 && now.isr.length === 2);
  const follower = replicas.find((id) => id !== leader)!;
  await cluster.kill(follower - 1);
  await untilLed(world, 'a leader alone', ({ isr }) => isr.length === 1);
  await write();
  await cluster.kill(leader - 1);
  await cluster.restart(follower - 1);
  await untilLed(world, 'the follower leads', (now) => now.leader === follower);
  return leader;
}

async function declared(world: FaultWorld, incarnation: string): Promise<unknown> {
  return world.sql(
    `SELECT toUInt32(min(first_offset)) AS first, toUInt32(max(last_offset)) AS last FROM losses
     WHERE incarnation = '${incarnation}' AND reason = 'log_truncated'`,
  );
}

test('row 08: an unclean election truncates the log: rows stay, the loss is declared, a new incarnation is counted', async () => {
  const cluster = await startKafkaCluster({ properties: UNCLEAN });
  // Nothing unreadable: the same election may cut off acknowledged dead letters, as any record of any topic.
  const events = { bad: 0 };
  const world = await openFaultWorld({
    broker: cluster,
    replication: 2,
    partitions: 1,
    chunkSize: 256,
    seed: 801,
    events,
  });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  await world.feeder.feed(700, [0]);
  await world.verify();
  const id = await world.incarnation();
  const parted = await endOf(world);
  let end = 0;
  const dead = await truncate(world, cluster, async () => {
    await world.feeder.feed(500, [0]);
    await world.untilCovered(120_000);
    end = await endOf(world);
  });
  await world.feeder.feed(900, [0]);
  await takePartition(world, `${id}~1`, 0, parted);
  await verify(judged(world, `${id}~1`), { timeoutMs: 120_000 });
  assert.deepEqual(await declared(world, id), [{ first: parted, last: end - 1 }]);
  assert.deepEqual([member.starts, member.running], [1, true], 'it noticed by itself');

  // The same while nobody looks: the log has grown past the rows again before the next process starts.
  await cluster.restart(dead - 1);
  await untilLed(world, 'both copies', ({ isr }) => isr.length === 2);
  const partedAgain = await endOf(world);
  await truncate(world, cluster, async () => {
    await world.feeder.feed(300, [0]);
    await takePartition(world, `${id}~1`, 0, partedAgain);
    await verify(judged(world, `${id}~1`), { timeoutMs: 120_000 });
    end = await endOf(world);
    await member.kill();
  });
  await world.feeder.feed(800, [0]);
  member.spawn();
  await takePartition(world, `${id}~2`, 0, partedAgain);
  await verify(judged(world, `${id}~2`), { timeoutMs: 120_000 });
  assert.deepEqual(await declared(world, `${id}~1`), [{ first: partedAgain, last: end - 1 }]);
});
