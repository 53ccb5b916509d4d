import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetchKafka } from '../../scripts/kafka/fetch.mjs';
import { LogContext } from '../conformance/log/context.ts';
import { eventually } from '../support/eventually.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka-broker.ts';
import { openKafkaLog } from './open-log.ts';

const PRODUCER = fileURLToPath(new URL('./Produce.java', import.meta.url));

describe('Kafka log: what Java producers write', () => {
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

  it('reads gzip, snappy, lz4 and zstd, and finds keys in the partitions it would choose', async () => {
    const { classPath } = await fetchKafka();
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
    const topic = await context.topic(3);
    await promisify(execFile)('java', ['-cp', classPath, PRODUCER, broker.bootstrap, topic, ...codecs]);
    const { recorder, consumer } = await context.consume(context.name('group'), [topic]);
    await eventually('all records', () => recorder.records.length === codecs.length * 500 || consumer.unhealthy());
    assert.equal(consumer.unhealthy(), null);
    const seen = new Set<string>();
    for (const { key, value, partition } of recorder.records) {
      const [codec, number] = key!.toString().split(' ');
      assert.equal(value!.toString(), `${codec} ${number} `.repeat(50));
      assert.equal(partition, await context.log.partitionOf(topic, key!.toString()));
      seen.add(key!.toString());
    }
    assert.equal(seen.size, codecs.length * 500);
    recorder.assertContractKept();
  });
});
