import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually, sleep } from '../support/eventually.ts';
import { nothingAnswered, postUntil } from '../support/posting.ts';
import { PREDICTIONS } from './support/feeder.ts';
import { readPartition } from './support/kcat.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const CLIENTS = ['a', 'b', 'c', 'd'];

/** The ids of all events in the log, as kcat reads them. */
async function idsInLog({ bootstrap, all }: FaultWorld): Promise<Set<string>> {
  const read = await Promise.all(all.map((partition) => readPartition(bootstrap, PREDICTIONS, partition, 'beginning')));
  const events = read.flat().map(({ value }) => JSON.parse(value!.toString()) as { prediction_id: string });
  return new Set(events.map((event) => event.prediction_id));
}

test('row 06: the broker crashes while events are posted: what was answered 202 is in the log, and posting goes on by itself', async (t) => {
  const world = await openFaultWorld({ partitions: 3, seed: 602 });
  after(() => world.close());
  const api = await world.start('api');
  const url = await api.http();
  // Answers are noted by client: each has to see its posts succeed again.
  const clients = CLIENTS.map((name) => ({ name, answered: nothingAnswered() }));
  const refusals = () => clients.reduce((sum, { answered }) => sum + answered.refusals, 0);
  let done = false;
  const posting = Promise.all(clients.map(({ name, answered }) => postUntil(url, name, answered, () => done)));
  posting.catch(() => {});
  /** Fails at once where posting has ended: after an answer that is neither 202 nor a 503 with Retry-After. */
  const whilePosting = async (what: string, check: () => boolean): Promise<void> => {
    await Promise.race([eventually(what, check), posting]);
    assert.ok(check(), what);
  };
  const eachAccepts = async (when: string): Promise<void> => {
    const before = clients.map(({ answered }) => answered.accepted.size);
    await whilePosting(`every client is answered 202 ${when}`, () =>
      clients.every(({ answered }, index) => answered.accepted.size > before[index]! + 100),
    );
  };

  await eachAccepts('before any crash');
  await world.broker.kill();
  await sleep(500);
  await world.broker.restart();
  await eachAccepts('after a short outage');
  await world.broker.kill();
  const earlier = refusals();
  await whilePosting('503 while the broker is away', () => refusals() >= earlier + CLIENTS.length);
  await world.broker.restart();
  await eachAccepts('after a long outage');
  done = true;
  await posting;

  const inLog = await idsInLog(world);
  const [accepted, unknown] = (['accepted', 'unknown'] as const).map(
    (fate) => new Set(clients.flatMap(({ answered }) => [...answered[fate]])),
  );
  t.diagnostic(`${accepted!.size} events accepted, ${unknown!.size} refused in ${refusals()} answers of 503`);
  const lost = [...accepted!].filter((id) => !inLog.has(id));
  assert.deepEqual(lost, [], 'answered 202, but not in the log');
  const invented = [...inLog].filter((id) => !accepted!.has(id) && !unknown!.has(id));
  assert.deepEqual(invented, [], 'in the log, but never sent');
  assert.deepEqual([api.starts, api.running], [1, true]);
});
