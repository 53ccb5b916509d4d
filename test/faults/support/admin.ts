import { type Admin, Kafka, logLevel } from 'kafkajs';
import { eventually } from '../../support/eventually.ts';
import { PREDICTIONS } from './feeder.ts';
import { readPartition } from './kcat.ts';
import type { Judged } from './verify.ts';
import type { FaultWorld } from './world.ts';

/** Does something as the broker's administrator. */
export async function administer<T>(bootstrap: string, task: (admin: Admin) => Promise<T>): Promise<T> {
  const brokers = bootstrap.split(',');
  // A client of its own each time: kafkajs remembers topics that are gone.
  const admin = new Kafka({
    brokers,
    clientId: 'faults-admin',
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
  }).admin();
  await admin.connect();
  try {
    return await task(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Node ids of a partition's leader, replicas and in-sync replicas. */
export async function leadership(bootstrap: string, topic = PREDICTIONS, partition = 0) {
  return administer(bootstrap, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const found = topics[0]!.partitions.find(({ partitionId }) => partitionId === partition)!;
    return { leader: found.leader, replicas: found.replicas, isr: found.isr };
  });
}

/** Removes what a partition holds below an offset, as retention does. */
export async function deleteRecords(
  bootstrap: string,
  topic: string,
  partition: number,
  offset: number,
): Promise<void> {
  await administer(bootstrap, async (admin) => {
    // Makes the client learn the topic, which deleting alone does not.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  });
}

/** Forgets a group without members, its committed offsets with it. */
export async function deleteGroup(bootstrap: string, group: string): Promise<void> {
  await eventually(`group ${group} deleted`, () =>
    administer(bootstrap, (admin) => admin.deleteGroups([group])).then(
      () => true,
      () => false,
    ),
  );
}

/** Deletes the topic of predictions and makes it again; resolves with its new id, once brokers serve it. */
export async function recreate(world: FaultWorld, whileGone: () => Promise<void> = async () => {}): Promise<string> {
  const before = await world.incarnation();
  await administer(world.bootstrap, (admin) => admin.deleteTopics({ topics: [PREDICTIONS] }));
  await whileGone();
  await eventually('the topic made again', () =>
    administer(world.bootstrap, (admin) =>
      admin.createTopics({ topics: [{ topic: PREDICTIONS, numPartitions: world.partitions, replicationFactor: 1 }] }),
    ).catch(() => false),
  );
  await eventually('another topic', async () => (await world.incarnation().catch(() => before)) !== before);
  return world.incarnation();
}

/** What `world.verify` compares, for an incarnation that the topic's id alone does not name. Take the log before. */
export function judged(world: FaultWorld, incarnation: string): Judged {
  const { bootstrap, group, partitions, oracle, sql } = world;
  return { bootstrap, group, topic: PREDICTIONS, incarnation, partitions, oracle, sql };
}

/** Takes what a partition holds from an offset on under an incarnation. */
export async function takePartition(
  world: FaultWorld,
  incarnation: string,
  partition: number,
  from: number,
): Promise<void> {
  world.oracle.take(incarnation, await readPartition(world.bootstrap, PREDICTIONS, partition, from));
}
