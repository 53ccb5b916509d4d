import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Runs } from '../../../lib/adapters/kafka/runs.ts';

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

/** As kafkajs: a stop ends only what has begun to run, and each step takes its time. */
class Kafka {
  readonly calls: string[] = [];
  alive = 0;
  most = 0;

  async run(): Promise<void> {
    this.calls.push('run');
    await soon();
    this.alive += 1;
    this.most = Math.max(this.most, this.alive);
  }

  async stop(): Promise<void> {
    this.calls.push('stop');
    const ending = this.alive;
    await soon();
    this.alive -= ending;
  }
}

test('restarts from all sides at once never leave two runs, and the last one wanted is there', async () => {
  const kafka = new Kafka();
  const runs = new Runs(kafka, { wanted: () => true, fail: (error) => assert.fail(String(error)) });
  for (let round = 0; round < 20; round += 1) {
    runs.again(round % 3 === 0 ? 2 : 0);
    if (round % 2 === 0) runs.again(0);
    await new Promise((resolve) => setTimeout(resolve, round % 7));
  }
  await runs.settled();
  assert.deepEqual([kafka.alive, kafka.most], [1, 1]);
  assert.ok(kafka.calls.length > 10);
});

test('calls before the next run begins are one; nothing begins that nobody wants', async () => {
  const kafka = new Kafka();
  let wanted = true;
  const runs = new Runs(kafka, { wanted: () => wanted, fail: (error) => assert.fail(String(error)) });
  runs.again(10);
  runs.again(10);
  await runs.settled();
  assert.deepEqual(kafka.calls, ['stop', 'run']);
  wanted = false;
  runs.again(0);
  await runs.settled();
  assert.deepEqual(kafka.calls, ['stop', 'run', 'stop']);
  assert.equal(kafka.alive, 0);
});

test('a consumer that never stops is told of, so that the process can be started anew', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const failures: string[] = [];
  const hung = { run: async () => {}, stop: () => new Promise<void>(() => {}) };
  const runs = new Runs(hung, { wanted: () => true, fail: (error) => failures.push(String(error)) });
  runs.again(0);
  await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(120_000);
  await runs.settled();
  assert.match(failures[0] ?? '', /stopping the Kafka consumer.*no answer within 120 s/);
});
