import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Admin, Kafka } from 'kafkajs';
import { LogUnavailableError, RecordTooLargeError } from '../../lib/ports/log.ts';
import { appendFitting } from '../../lib/runtime/append-fitting.ts';
import { LogContext } from '../conformance/log/context.ts';
import { eventually, sleep } from '../support/eventually.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka-broker.ts';
import { openKafkaLog, plainKafka } from './open-log.ts';

const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ key: null, value: `${from + index}`, partition: 0 }));

/** What happens to topics behind the consumer's back, and records only Kafka has. */
describe('Kafka log: topics that change', () => {
  const context = new LogContext();
  let broker: KafkaBroker;
  let kafka: Kafka;
  let admin: Admin;

  before(async () => {
    broker = await startKafkaBroker();
    kafka = plainKafka(broker.bootstrap);
    admin = kafka.admin();
    await admin.connect();
    await context.open(async () => ({ log: openKafkaLog(broker.bootstrap), close: async () => {} }));
  });
  afterEach(() => context.closeConsumers());
  after(async () => {
    await admin.disconnect();
    await context.log.close();
    await broker.stop();
  });

  async function trim(topic: string, offset: number): Promise<void> {
    // Makes the client learn the topic, which deleting alone does not.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  }

  it('passes over aborted records and transaction markers, to the very end', async () => {
    const topic = await context.topic(1);
    const producer = kafka.producer({ transactionalId: context.name('tx'), idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const [value, commit] of [
      ['one', true],
      ['aborted', false],
      ['two', true],
      ['aborted too', false],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value }, { value }] });
      await (commit ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    const { recorder, consumer } = await context.consume(context.name('group'), [topic]);
    const end = (await context.log.offsets(topic))[0]!.end;
    assert.equal(end, 12);
    const reached = () => Math.max(...[...recorder.batches, ...recorder.positions].map(({ nextOffset }) => nextOffset));
    await eventually('the end of the log', () => recorder.batches.length > 0 && reached() === end);
    assert.deepEqual(
      recorder.records.map(({ value }) => value?.toString()),
      ['one', 'one', 'two', 'two'],
    );
    await context.log.append(topic, [{ key: null, value: 'after' }]);
    await eventually('a plain record', () => recorder.records.at(-1)?.value?.toString() === 'after');
    assert.equal(recorder.records.at(-1)!.offset, 12);
    assert.equal(consumer.unhealthy(), null);
    recorder.assertContractKept();
  });

  it('leaves out all of aborted transactions that overlap, and nothing else, whatever the keys', async () => {
    const topic = await context.topic(1);
    const zeros = Buffer.alloc(4);
    const open = async () => {
      const producer = kafka.producer({
        transactionalId: context.name('tx'),
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await producer.connect();
      return { producer, transaction: await producer.transaction() };
    };
    const [one, other] = [await open(), await open()];
    for (let turn = 0; turn < 3; turn += 1) {
      for (const { transaction } of [one, other]) {
        const messages = [
          { key: zeros, value: 'aborted' },
          { key: 'key', value: 'aborted' },
        ];
        await transaction.send({ topic, messages });
      }
      await context.log.append(topic, [{ key: zeros, value: 'kept' }]);
    }
    await one.transaction.abort();
    await other.transaction.abort();
    await Promise.all([one, other].map(({ producer }) => producer.disconnect()));
    await context.log.append(topic, [{ key: null, value: 'last' }]);
    // From the beginning, and from inside both transactions.
    for (const offset of [0, 5, 7, 8, 12]) {
      const { recorder } = await context.consume(context.name('group'), [topic], { start: () => ({ offset }) });
      await eventually('the end', () => recorder.records.at(-1)?.value?.toString() === 'last');
      const kept = [4, 9, 14].filter((at) => at >= offset).map((at) => [at, 'kept', zeros]);
      assert.deepEqual(
        recorder.records.slice(0, -1).map(({ offset: at, value, key }) => [at, value?.toString(), key]),
        kept,
        `from ${offset}`,
      );
      recorder.assertContractKept();
      await context.closeConsumers();
    }
  });

  it('halts when the log is trimmed past its position, instead of jumping over the gap', async () => {
    const topic = await context.topic(1);
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    // Great enough that the consumer cannot have fetched what is trimmed below.
    const large = Array.from({ length: 40 }, () => ({ key: null, value: Buffer.alloc(200_000), partition: 0 }));
    await context.log.append(topic, large);
    const { recorder, consumer } = await context.consume(context.name('group'), [topic], { onBatch: () => gate });
    await eventually('the first batch', () => recorder.batches.length === 1);
    await sleep(1500);
    await trim(topic, 35).finally(release);
    const reason = await eventually('unhealthy', () => consumer.unhealthy());
    assert.match(String(reason), new RegExp(`${topic}/0: offset \\d+ is outside the log, which holds 35 to 40`));
    const seen = recorder.offsets(topic, 0);
    assert.deepEqual(
      seen,
      seen.map((_, index) => index),
      'nothing after the gap',
    );
    assert.ok(seen.length < 35);
    recorder.assertContractKept();
  });

  it('halts on a committed offset that retention has overtaken', async () => {
    const topic = await context.topic(1);
    const group = context.name('group');
    await context.log.append(topic, numbered(10));
    const first = await context.consume(group, [topic]);
    await eventually('ten records', () => first.recorder.records.length === 10);
    await first.consumer.commit({ topic, partition: 0 }, 4);
    await first.consumer.close();
    await trim(topic, 7);
    const second = await context.consume(group, [topic]);
    await eventually('unhealthy', () => second.consumer.unhealthy()?.includes('offset 4 is outside the log'));
    assert.equal(second.recorder.records.length, 0);
  });

  it('appends 16 MiB in one call, in order, and what a topic with a smaller limit takes only in parts', async () => {
    const records = Array.from({ length: 16_384 }, (_, index) => ({
      key: null,
      value: `${index} `.padEnd(1024, 'x'),
      partition: 0,
    }));
    const small = context.name('small');
    await context.log.ensureTopics([{ name: small, partitions: 1, config: { 'max.message.bytes': '100000' } }]);
    for (const [topic, count] of [
      [await context.topic(1), records.length],
      [small, 1000],
    ] as const) {
      await context.log.append(topic, records.slice(0, count));
      const { recorder } = await context.consume(context.name('group'), [topic]);
      await eventually('all records', () => recorder.records.length === count);
      assert.ok(recorder.records.every(({ value }, index) => value!.toString().startsWith(`${index} `)));
    }
  });

  it('refuses a record that is too large by its size, and keeps its neighbours', async () => {
    const topic = await context.topic(1);
    const log = context.log;
    const fates = new Map<number, unknown>();
    const large = log.append(
      topic,
      [
        { key: null, value: 'before' },
        { key: null, value: Buffer.alloc(1_500_000) },
        { key: null, value: 'after' },
      ],
      (index, error) => fates.set(index, error),
    );
    await assert.rejects(large, (error) => {
      assert.ok(error instanceof RecordTooLargeError);
      assert.match(error.message, new RegExp(`a record of about 15000\\d\\d bytes is more than topic ${topic} takes`));
      assert.deepEqual([fates.get(0), fates.get(1), fates.get(2)], [undefined, error, undefined]);
      assert.equal(fates.size, 3);
      return true;
    });
    const { recorder } = await context.consume(context.name('group'), [topic]);
    await eventually('two records', () => recorder.records.length === 2);
    assert.deepEqual(
      recorder.records.map(({ value }) => value!.toString()),
      ['before', 'after'],
    );
  });

  it('shortens what a topic refuses for its size until it is taken, and sends its neighbours once', async () => {
    const topic = context.name('small');
    await context.log.ensureTopics([{ name: topic, partitions: 2, config: { 'max.message.bytes': '20000' } }]);
    const lengths = [10, 100_000, 20, 15_000, 30].map((length) => ({ length }));
    const shortened = await appendFitting(context.log, topic, lengths, {
      record: ({ length }) => ({ key: null, value: 'x'.repeat(length) }),
      shorter: ({ length }) => ({ length: length / 2 }),
    });
    assert.deepEqual(shortened, [{ length: 12_500 }]);
    const { recorder } = await context.consume(context.name('group'), [topic]);
    await eventually('five records', () => recorder.records.length === 5);
    assert.deepEqual(
      recorder.records.map(({ value }) => value!.length).sort((a, b) => a - b),
      [10, 20, 30, 12_500, 15_000],
    );
  });

  it('assigns anew what the log was away for when it was to start', async () => {
    const topic = await context.topic(1);
    await context.log.append(topic, numbered(1));
    const calls: string[] = [];
    const consumer = await context.log.consume({
      group: context.name('group'),
      topics: [topic],
      handlers: {
        onAssigned: async () => {
          calls.push('assigned');
          if (calls.length === 1) throw new LogUnavailableError('no leader just now');
          return { offset: 0 };
        },
        onBatch: async ({ nextOffset }) => void calls.push(`batch to ${nextOffset}`),
        onRevoked: async () => void calls.push('revoked'),
      },
    });
    await eventually('the record', () => calls.at(-1) === 'batch to 1');
    assert.equal(consumer.unhealthy(), null);
    await consumer.close();
    assert.deepEqual(calls, ['assigned', 'revoked', 'assigned', 'batch to 1', 'revoked']);
  });

  it('writes to partitions that are added, or says that it did not', async () => {
    const topic = await context.topic(1);
    await context.log.append(topic, [{ key: null, value: 'before' }]);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await eventually('three partitions', async () => (await context.log.describeTopic(topic)).partitions === 3);
    const added = [1, 2].map((partition) => ({ key: null, value: 'after', partition }));
    await context.log.append(topic, added);
    // A leader that was just made one refuses to tell for a moment.
    const offsets = await eventually('offsets', () => context.log.offsets(topic).catch(() => null));
    assert.deepEqual(
      offsets?.map(({ end }) => end),
      [1, 1, 1],
    );
  });

  it('reads partitions that are added, from their start', async () => {
    const topic = await context.topic(1);
    const { recorder, consumer } = await context.consume(context.name('group'), [topic]);
    await eventually('assigned', () => consumer.assignments().length === 1);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    const producer = kafka.producer();
    await producer.connect();
    await eventually('a producer that knows the partition', async () => {
      await producer.send({ topic, messages: [{ partition: 2, value: 'early' }] }).catch(() => null);
      return (await context.log.offsets(topic)).find(({ partition }) => partition === 2)?.end;
    });
    await producer.disconnect();
    await eventually('three partitions', () => consumer.assignments().length === 3);
    await eventually('the early record', () => recorder.of(topic, 2)[0]?.offset === 0);
    recorder.assertContractKept();
  });

  it('takes a topic made again under the same name for another one', async () => {
    const topic = await context.topic(1);
    await context.log.append(topic, numbered(3));
    const { recorder, consumer } = await context.consume(context.name('group'), [topic]);
    await eventually('three records', () => recorder.records.length === 3);
    const before = await context.log.describeTopic(topic);
    await admin.deleteTopics({ topics: [topic] });
    await eventually('it is gone', () =>
      context.log.describeTopic(topic).then(
        () => false,
        () => true,
      ),
    );
    await eventually('made again', async () => {
      await context.log.ensureTopics([{ name: topic, partitions: 1 }]);
      return (await context.log.describeTopic(topic)).incarnation !== before.incarnation;
    });
    recorder.startAt = () => ({ offset: 0 });
    await context.log.append(topic, numbered(5, 100));
    await eventually('all five of the new one', () => recorder.records.length === 8);
    assert.deepEqual(
      recorder.records.slice(3).map(({ offset, value }) => [offset, value?.toString()]),
      [0, 1, 2, 3, 4].map((n) => [n, `${100 + n}`]),
    );
    assert.ok(recorder.revoked.length >= 1, 'the old one was revoked');
    await eventually('healthy again', () => consumer.unhealthy() === null);
    recorder.assertContractKept();
  });
});
