import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Batch } from '../../lib/ports/log.ts';
import { LogContext } from '../conformance/log/context.ts';
import { eventually, sleep } from '../support/eventually.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka-broker.ts';
import { openKafkaLog } from './open-log.ts';

describe('Kafka log: what a rebalance costs', () => {
  const context = new LogContext();
  let broker: KafkaBroker;
  before(async () => {
    broker = await startKafkaBroker();
    await context.open(async () => ({ log: openKafkaLog(broker.bootstrap), close: async () => {} }));
  });
  after(async () => {
    await context.closeConsumers();
    await context.log.close();
    await broker.stop();
  });

  it('a partition that stays is not given up, and no record of it is read again', async () => {
    const topic = await context.topic(4);
    const group = context.name('group');
    let producing = true;
    let sent = 0;
    const produce = async () => {
      for (; producing; sent += 4) {
        await context.log.append(
          topic,
          [0, 1, 2, 3].map((partition) => ({ key: null, value: String(sent), partition })),
        );
        await sleep(20);
      }
    };
    const longest = new Map<number, number>();
    const last = new Map<number, number>();
    const measure = async ({ partition }: Batch) => {
      const now = performance.now();
      const gap = now - (last.get(partition) ?? now);
      longest.set(partition, Math.max(gap, longest.get(partition) ?? 0));
      last.set(partition, now);
    };
    const first = await context.consume(group, [topic], { onBatch: measure });
    await eventually('four partitions', () => first.consumer.assignments().length === 4);
    const producer = produce();
    await eventually('records of all', () => last.size === 4);
    longest.clear();
    const second = await context.consume(group, [topic]);
    await eventually('two each', () => second.consumer.assignments().length === 2, 30_000);
    await sleep(1000);
    const kept = first.consumer.assignments().map(({ partition }) => partition);
    await second.consumer.close();
    await eventually('four again', () => first.consumer.assignments().length === 4, 30_000);
    await sleep(500);
    producing = false;
    await producer;
    await eventually('everything of the kept ones', () =>
      kept.every((partition) => first.recorder.offsets(topic, partition).length === sent / 4),
    );
    const pauses = kept.map((partition) => Math.round(longest.get(partition) ?? 0));
    console.log(`kept partitions paused for at most ${pauses.join(' and ')} ms`);
    assert.equal(kept.length, 2);
    for (const partition of kept) {
      const offsets = first.recorder.offsets(topic, partition);
      assert.deepEqual(offsets, [...offsets.keys()], 'each record once, in order');
      assert.ok(!first.recorder.revoked.some((one) => one.partition === partition), 'never revoked');
      assert.equal(first.recorder.assigned.filter(({ assignment }) => assignment.partition === partition).length, 1);
    }
    assert.ok(Math.max(...pauses) < 10_000);
    first.recorder.assertContractKept();
    second.recorder.assertContractKept();
  });
});
