import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainKafka } from '../kafka/open-log.ts';
import { eventually } from '../support/eventually.ts';
import { PREDICTIONS } from './support/feeder.ts';
import type { Member } from './support/member.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

/** How long the store is away in all, s: 60 in the suite, 600 in the soak. The ways of being away share it. */
const DOWN_SECONDS = Number(process.env.FAULT_STORE_DOWN_SECONDS ?? 60);
const MB = 2 ** 20;
/** An aggregator's memory, whatever comes. */
const MAX_RSS = 512 * MB;
/** Records that wait in the log when the store comes back, beside what HTTP brought: far more than is read ahead. */
const BACKLOG = 40_000;
const BATCH = 50;

interface Outage {
  name: string;
  begin(world: FaultWorld): () => void;
  /** Nothing at all gets through. */
  total: boolean;
}

const OUTAGES: Outage[] = [
  {
    name: 'refuses connections',
    total: true,
    begin: ({ proxy }) => {
      proxy.down();
      return () => proxy.up();
    },
  },
  {
    name: 'answers 503',
    total: true,
    begin: ({ proxy }) =>
      proxy.arm({ match: /(?:)/, at: 'before', act: { status: 503, body: 'overloaded' }, times: Infinity }).remove,
  },
  {
    name: 'takes statements and does not answer',
    total: true,
    begin: ({ proxy }) => {
      let release = (): void => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const hanging = proxy.arm({ match: /(?:)/, at: 'before', act: { call: () => released }, times: Infinity });
      return () => {
        hanging.remove();
        release();
      };
    },
  },
  {
    name: 'is slow',
    total: false,
    begin: ({ proxy }) => {
      proxy.slow(3_000);
      return () => proxy.slow(0);
    },
  },
];

/** Members of the aggregators' group by the broker: a new id means that one was thrown out and joined again. */
async function memberIds(world: FaultWorld): Promise<string[]> {
  const admin = plainKafka(world.bootstrap).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([world.group]);
    return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId)).sort();
  } finally {
    await admin.disconnect();
  }
}

/** Posts events to the API until stopped; every answer must be 202. */
function postSteadily(url: string): { stop(): Promise<number> } {
  const state = { stopped: false, accepted: 0 };
  const run = async (): Promise<void> => {
    for (let batch = 0; !state.stopped; batch += 1) {
      const events = Array.from({ length: BATCH }, (_, index) => ({
        prediction_id: `http-${batch}-${index}`,
        model: 'beta',
        timestamp: Date.now() - 3_600_000,
        features: { amount: index, colour: 'red' },
      }));
      const response = await fetch(`${url}/v1/predictions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(events),
        signal: AbortSignal.timeout(30_000),
      });
      assert.equal(response.status, 202, await response.text());
      state.accepted += BATCH;
      await sleep(50);
    }
  };
  const running = run();
  running.catch(() => {});
  return {
    async stop() {
      state.stopped = true;
      await running;
      return state.accepted;
    },
  };
}

const totalLag = async (members: readonly Member[]): Promise<number> => {
  const lags = members.map((member) => member.metric('driftline_lag_records', { topic: PREDICTIONS }));
  return (await Promise.all(lags)).reduce((sum, lag) => sum + lag, 0);
};

/** Records a second at which what lies in the log gets covered, from now on. */
async function drainRate(world: FaultWorld, records: number): Promise<number> {
  const started = Date.now();
  await world.untilCovered(120_000);
  return records / ((Date.now() - started) / 1000);
}

test('row 19: the store is down or slow: consumption waits, heartbeats and HTTP ingest go on, and it catches up by itself', async (t) => {
  const world = await openFaultWorld({ partitions: 3, chunkSize: 4096, seed: 1901 });
  after(() => world.close());
  const aggregators = [await world.start('aggregator'), await world.start('aggregator')];
  const api = await world.start('api');
  await Promise.all(aggregators.map((member) => member.untilServing()));

  const paused = await Promise.all(aggregators.map((member) => member.rss()));
  assert.ok(paused.every(({ now }) => now < MAX_RSS));
  let sent = 0;
  const feed = async (count: number): Promise<void> => {
    await world.feeder.feed(count, world.all);
    sent += count;
  };
  await feed(2_000);
  await world.untilCovered();
  for (const member of aggregators) member.signal('SIGSTOP');
  await feed(BACKLOG / 2);
  for (const member of aggregators) member.signal('SIGCONT');
  const normal = await drainRate(world, BACKLOG / 2);
  await Promise.all(aggregators.map((member) => member.untilServing()));

  const before = await memberIds(world);
  let accepted = 0;
  for (const { name, begin, total } of OUTAGES) {
    const end = begin(world);
    const posting = postSteadily(await api.http());
    const until = Date.now() + (DOWN_SECONDS * 1000) / OUTAGES.length;
    await feed(BACKLOG / OUTAGES.length);
    if (total) {
      await eventually(
        `the lag is visible while the store ${name}`,
        async () => (await totalLag(aggregators)) >= (BACKLOG / OUTAGES.length) * 0.8,
      );
      if (name !== 'takes statements and does not answer') {
        const answers = await Promise.all(aggregators.map((member) => member.readyz()));
        for (const { status, body } of answers) {
          assert.equal(status, 503, body);
          assert.match(body, /_rows|aggregation_specs/, 'what cannot be written is named');
        }
        assert.ok((await aggregators[0]!.metric('driftline_write_retries_total')) > 0);
      }
    }
    assert.equal((await api.readyz()).status, 200, 'events are taken all the while');
    await sleep(Math.max(0, until - Date.now()));
    assert.deepEqual(await memberIds(world), before, `while the store ${name} a member left the group`);
    accepted += await posting.stop();
    for (const member of aggregators) assert.ok(member.rss().now < MAX_RSS, `${member.rss().now / MB} MB`);
    end();
    t.diagnostic(`the store ${name}: ${aggregators.map((m) => Math.round(m.rss().now / MB)).join(' and ')} MB`);
    const caughtUp = await drainRate(world, BACKLOG / OUTAGES.length);
    t.diagnostic(`caught up at ${Math.round(caughtUp)} records/s, ${Math.round(normal)} normally`);
    await Promise.all(aggregators.map((member) => member.untilServing()));
  }
  const inLog = [...world.oracle.next.values()].reduce((sum, next) => sum + next, 0);
  assert.equal(inLog, sent + accepted, 'what was answered 202 is in the log, once');
  await world.verify();
  for (const member of aggregators) assert.ok(member.rss().peak < MAX_RSS, `${member.rss().peak / MB} MB`);
});
