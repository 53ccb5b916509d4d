import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import type { LogContext } from './context.ts';

/** What is written is what is read. */
export function appendTests(context: LogContext): void {
  it('keeps order, bytes, headers, null keys and values, and timestamps', async () => {
    const topic = await context.topic(1);
    const bytes = Buffer.from([0, 255, 128, 10, 13, 0]);
    const before = Date.now();
    await context.log.append(topic, [
      {
        key: 'a',
        value: bytes,
        headers: { 'driftline-arrival': '12', Empty: '', empty: 'lower' },
        timestamp: 1_540_000_000_123,
      },
      { key: null, value: 'text €' },
      { key: Buffer.from([0xc3, 0x28]), value: null },
      { key: '', value: '' },
    ]);
    const { recorder } = await context.consume(context.name('group'), [topic]);
    await eventually('four records', () => recorder.records.length === 4);
    const [first, second, third, fourth] = recorder.records;
    assert.deepEqual(recorder.offsets(topic, 0), [0, 1, 2, 3]);
    assert.deepEqual(first!.value, bytes);
    assert.equal(first!.key?.toString(), 'a');
    assert.equal(first!.timestamp, 1_540_000_000_123);
    assert.deepEqual(
      Object.entries(first!.headers)
        .map(([name, value]) => [name, value.toString()])
        .sort(),
      [
        ['Empty', ''],
        ['driftline-arrival', '12'],
        ['empty', 'lower'],
      ],
    );
    assert.equal(second!.key, null);
    assert.equal(second!.value?.toString(), 'text €');
    assert.ok(second!.timestamp >= before && second!.timestamp <= Date.now(), 'stamped by the log');
    assert.deepEqual(Object.keys(second!.headers), []);
    assert.deepEqual(third!.key, Buffer.from([0xc3, 0x28]));
    assert.equal(third!.value, null);
    assert.deepEqual([fourth!.key?.length, fourth!.value?.length], [0, 0]);
    recorder.assertContractKept();
  });

  it('puts a key where partitionOf says, and spreads records without one', async () => {
    const topic = await context.topic(3);
    const keys = Array.from({ length: 60 }, (_, index) => `key-${index}-é`);
    await context.log.append(
      topic,
      keys.map((key) => ({ key, value: key })),
    );
    await context.log.append(
      topic,
      Array.from({ length: 30 }, () => ({ key: null, value: 'turn' })),
    );
    await context.log.append(topic, [{ key: 'anything', value: 'chosen', partition: 2 }]);
    const { recorder } = await context.consume(context.name('group'), [topic]);
    await eventually('all records', () => recorder.records.length === 91);
    for (const record of recorder.records) {
      const value = record.value?.toString();
      if (value === 'chosen') assert.equal(record.partition, 2);
      else if (record.key !== null)
        assert.equal(record.partition, await context.log.partitionOf(topic, record.key.toString()));
    }
    const turns = recorder.records.filter(({ value }) => value?.toString() === 'turn');
    assert.equal(new Set(turns.map(({ partition }) => partition)).size, 3, 'records without a key use all partitions');
  });

  it('keeps the order of one caller, and loses nothing of many at once', async () => {
    const topic = await context.topic(2);
    const callers = Array.from({ length: 20 }, async (_, caller) => {
      for (let turn = 0; turn < 10; turn += 1) {
        await context.log.append(
          topic,
          [0, 1, 2].map((n) => ({ key: `c${caller}`, value: `${turn * 3 + n}` })),
        );
      }
    });
    await Promise.all(callers);
    const { recorder } = await context.consume(context.name('group'), [topic]);
    await eventually('600 records', () => recorder.records.length === 600);
    for (let caller = 0; caller < 20; caller += 1) {
      const values = recorder.records
        .filter(({ key }) => key?.toString() === `c${caller}`)
        .map(({ value }) => Number(value));
      assert.deepEqual(
        values,
        Array.from({ length: 30 }, (_, index) => index),
      );
    }
  });

  it('tells beginnings and ends', async () => {
    const topic = await context.topic(2);
    assert.deepEqual(await context.log.offsets(topic), [
      { partition: 0, beginning: 0, end: 0 },
      { partition: 1, beginning: 0, end: 0 },
    ]);
    await context.log.append(
      topic,
      [1, 2, 3].map((n) => ({ key: null, value: `${n}`, partition: 1 })),
    );
    assert.deepEqual(await context.log.offsets(topic), [
      { partition: 0, beginning: 0, end: 0 },
      { partition: 1, beginning: 0, end: 3 },
    ]);
  });

  it('describes topics, leaves existing ones alone, and refuses what does not exist', async () => {
    const [one, other] = [await context.topic(2), await context.topic(1)];
    const described = await context.log.describeTopic(one);
    assert.deepEqual([described.name, described.partitions], [one, 2]);
    assert.ok(described.incarnation.length > 0);
    await context.log.ensureTopics([{ name: one, partitions: 2 }]);
    assert.deepEqual(await context.log.describeTopic(one), described);
    assert.notEqual((await context.log.describeTopic(other)).incarnation, described.incarnation);
    const missing = context.name('missing');
    await assert.rejects(context.log.describeTopic(missing), new RegExp(missing));
    await assert.rejects(context.log.append(missing, [{ key: null, value: 'x' }]), new RegExp(missing));
    await assert.rejects(
      context.log.consume({
        group: context.name('group'),
        topics: [missing],
        handlers: { onAssigned: async () => ({ offset: 0 }), onRevoked: async () => {}, onBatch: async () => {} },
      }),
      new RegExp(missing),
    );
    await context.log.ping();
  });

  it('tells the settings of topics, those nobody chose included', async () => {
    const name = context.name('topic');
    await context.log.ensureTopics([{ name, partitions: 2, config: { 'retention.ms': '3600000' } }]);
    const { replication, config } = await context.log.topicSettings(name);
    assert.equal(replication, 1);
    assert.equal(config['retention.ms'], '3600000');
    assert.equal(config['cleanup.policy'], 'delete');
    assert.equal(config['message.timestamp.type'], 'CreateTime');
    for (const key of ['retention.bytes', 'max.message.bytes', 'min.insync.replicas']) {
      assert.ok(Number.isInteger(Number(config[key])), `${key}: ${config[key]}`);
    }
    await assert.rejects(context.log.topicSettings(context.name('missing')), /missing-/);
  });

  it('tells the fate of each record of an append', async () => {
    const topic = await context.topic(3);
    const fates = new Map<number, unknown>();
    const records = Array.from({ length: 20 }, (_, index) => ({ key: `k${index}`, value: `${index}` }));
    await context.log.append(topic, records, (index, error) => fates.set(index, error));
    assert.deepEqual(
      [...fates].sort(([a], [b]) => a - b),
      records.map((_, index) => [index, undefined]),
    );
  });

  it('carries 50,000 records whole', async () => {
    const topic = await context.topic(4);
    const total = 50_000;
    const sent: Promise<void>[] = [];
    for (let start = 0; start < total; start += 1000) {
      const records = Array.from({ length: 1000 }, (_, index) => ({
        key: `k${start + index}`,
        value: JSON.stringify({ n: start + index, pad: 'x'.repeat((start + index) % 97) }),
      }));
      sent.push(context.log.append(topic, records));
    }
    await Promise.all(sent);
    const { recorder } = await context.consume(context.name('group'), [topic]);
    await eventually('all records', () => recorder.records.length >= total, 60_000);
    const seen = new Set<number>();
    for (const record of recorder.records) {
      const { n, pad } = JSON.parse(record.value!.toString());
      assert.equal(record.key!.toString(), `k${n}`);
      assert.equal(pad.length, n % 97);
      seen.add(n);
    }
    assert.equal(recorder.records.length, total);
    assert.equal(seen.size, total);
    for (let partition = 0; partition < 4; partition += 1) {
      const offsets = recorder.offsets(topic, partition);
      assert.deepEqual(
        offsets,
        offsets.map((_, index) => index),
      );
    }
    assert.ok(
      recorder.batches.every(({ records }) => records.length <= 10_000),
      'batches stay small',
    );
    recorder.assertContractKept();
  });
}
