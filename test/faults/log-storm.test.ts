import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Assignment, type Consumer, type Log, StaleAssignmentError } from '../../lib/ports/log.ts';
import { openKafkaLog, plainKafka } from '../kafka/open-log.ts';
import { eventually, sleep } from '../support/eventually.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka-broker.ts';
import { Random } from './support/random.ts';

const TOPIC = 'storm';
const GROUP = 'storm-group';
const PARTITIONS = [0, 1, 2, 3];
const SESSION_MS = 6_000;
/** A crash and a freeze by turns. */
const ROUNDS = Number(process.env.DRIFTLINE_TEST_STORM_ROUNDS ?? 2);
const SETTLE_MS = 90_000;

/** A member that is slow at everything: a start takes longer than a session, each call about a third of a second. */
class SlowMember {
  readonly log: Log;
  readonly seen = new Map<number, number>();
  consumer!: Consumer;
  #startMs: number;

  constructor(broker: KafkaBroker, startMs: number) {
    this.log = openKafkaLog(broker.bootstrap, { sessionTimeoutMs: SESSION_MS });
    this.#startMs = startMs;
  }

  async join(): Promise<void> {
    this.consumer = await this.log.consume({
      group: GROUP,
      topics: [TOPIC],
      handlers: {
        onAssigned: async (_assignment, _generation, committed) => {
          await sleep(this.#startMs);
          return { offset: committed ?? 0 };
        },
        onBatch: async ({ topic, partition, nextOffset }) => {
          await sleep(300);
          this.seen.set(partition, nextOffset);
          await this.#commit({ topic, partition }, nextOffset);
        },
        onRevoked: async () => {},
      },
    });
  }

  async #commit(assignment: Assignment, offset: number): Promise<void> {
    await this.consumer.commit(assignment, offset).catch((error: unknown) => {
      // Another member has it, or no broker answered in time: it is read again.
      if (error instanceof StaleAssignmentError || !(error instanceof Error)) return;
      if (!error.name.startsWith('KafkaJS')) throw error;
    });
  }
}

const tell = ({ consumer }: SlowMember) => ({
  has: consumer.assignments().map(({ partition }) => partition),
  unhealthy: consumer.unhealthy(),
});

test('storm: however often the broker freezes and crashes, two slow members share every partition again and read on', async () => {
  const random = new Random(6);
  const broker = await startKafkaBroker({ own: true });
  const writer = openKafkaLog(broker.bootstrap);
  const members = [new SlowMember(broker, 200), new SlowMember(broker, SESSION_MS + 2_000)];
  const admin = plainKafka(broker.bootstrap).admin();
  after(async () => {
    broker.signal('SIGCONT');
    await admin.disconnect();
    await Promise.all([writer, ...members.map(({ log }) => log)].map((log) => log.close()));
    await broker.stop();
  });
  await writer.ensureTopics([{ name: TOPIC, partitions: PARTITIONS.length }]);
  await Promise.all(members.map((member) => member.join()));
  const send = async () => {
    const records = PARTITIONS.flatMap((partition) =>
      Array.from({ length: 50 }, () => ({ key: null, value: 'x'.repeat(1_000), partition })),
    );
    await writer.append(TOPIC, records);
  };
  const ends = async () => new Map((await writer.offsets(TOPIC)).map(({ partition, end }) => [partition, end]));
  for (let round = 0; round < ROUNDS; round += 1) {
    const crash = round % 2 === 0;
    // Frozen for longer than two sessions, members that hear nothing join anew by themselves.
    const forMs = crash ? random.between(1_000, 2 * SESSION_MS) : random.between(2 * SESSION_MS, 3.5 * SESSION_MS);
    for (let times = 0; times < 4; times += 1) await send();
    console.log(`round ${round}: ${crash ? 'crash' : 'freeze'} for ${forMs} ms`);
    if (crash) await broker.kill();
    else broker.signal('SIGSTOP');
    await sleep(forMs);
    if (crash) await broker.restart();
    else broker.signal('SIGCONT');
    await eventually(
      'an append',
      () =>
        send().then(
          () => true,
          () => false,
        ),
      SETTLE_MS,
    );
    // Partitions find their leaders one by one.
    const end = (await eventually('the ends', () => ends().catch(() => null), SETTLE_MS))!;
    const reach = (partition: number) => Math.max(...members.map(({ seen }) => seen.get(partition) ?? 0));
    const wait = (what: string, check: () => boolean) =>
      eventually(`round ${round}: ${what}`, check, SETTLE_MS).catch((error: Error) => {
        const ends = Object.fromEntries(end);
        throw new Error(
          `${error.message}: ${JSON.stringify({ ends, reach: PARTITIONS.map(reach), ...members.map(tell) })}`,
        );
      });
    await wait('everything read', () => PARTITIONS.every((partition) => reach(partition) >= end.get(partition)!));
    await wait('both serve', () => members.every(({ consumer }) => consumer.unhealthy() === null));
    await wait('two partitions each', () => members.every(({ consumer }) => consumer.assignments().length === 2));
    await admin.connect();
    const { groups } = await admin.describeGroups([GROUP]);
    assert.equal(groups[0]!.members.length, 2, 'no member that nobody knows');
  }
});
