import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { LogUnavailableError } from '../../lib/ports/log.ts';
import { LogContext } from '../conformance/log/context.ts';
import { eventually, sleep } from '../support/eventually.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka-broker.ts';
import { openKafkaLog } from './open-log.ts';

it('gives up on brokers that do not answer, soon, and names them', async () => {
  const log = openKafkaLog('127.0.0.1:1');
  const started = Date.now();
  await assert.rejects(log.ping(), (error: Error) => {
    assert.ok(error instanceof LogUnavailableError, error.stack);
    assert.match(error.message, /127\.0\.0\.1:1/);
    return true;
  });
  await assert.rejects(log.append('t', [{ key: null, value: 'x' }]), LogUnavailableError);
  assert.ok(Date.now() - started < 40_000);
  await log.close();
});

describe('Kafka log: the broker goes away', () => {
  const context = new LogContext();
  let broker: KafkaBroker;
  before(async () => {
    broker = await startKafkaBroker({ own: true });
    await context.open(async () => ({ log: openKafkaLog(broker.bootstrap), close: async () => {} }));
  });
  afterEach(() => context.closeConsumers());
  after(async () => {
    await context.log.close();
    await broker.stop();
  });

  const outages: [string, () => Promise<void>][] = [
    [
      'stands still for longer than a session',
      async () => {
        broker.signal('SIGSTOP');
        await sleep(8000);
        broker.signal('SIGCONT');
      },
    ],
    [
      'crashes and comes back',
      async () => {
        await broker.kill();
        await sleep(1000);
        await broker.restart();
      },
    ],
  ];
  for (const [name, outage] of outages) {
    it(`${name}: reading resumes by itself, with nothing lost or skipped`, async () => {
      const topic = await context.topic(2);
      const { recorder, consumer } = await context.consume(context.name('group'), [topic]);
      const append = (value: string) =>
        context.log.append(
          topic,
          [0, 1].map((partition) => ({ key: null, value, partition })),
        );
      await append('before');
      await eventually('the records before', () => recorder.records.length === 2);
      await outage();
      await eventually(
        'an append',
        () =>
          append('after').then(
            () => true,
            () => false,
          ),
        60_000,
      );
      // A partition that was given back begins at its committed offset, here the beginning, so records may come again.
      const values = (partition: number) =>
        new Set(recorder.of(topic, partition).map(({ value }) => value?.toString()));
      await eventually('the records after', () => [0, 1].every((partition) => values(partition).has('after')), 60_000);
      await eventually('healthy', () => consumer.unhealthy() === null, 60_000);
      recorder.assertContractKept();
      const [assignment] = consumer.assignments();
      await eventually(
        'a commit',
        () =>
          consumer.commit(assignment!, 1).then(
            () => true,
            () => false,
          ),
        30_000,
      );
    });
  }
});
