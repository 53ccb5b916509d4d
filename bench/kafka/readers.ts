import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { Kafka, logLevel } from 'kafkajs';
import { Stopwatch, type Took } from '../pipeline/stopwatch.ts';
import { TOUCHES } from './touches.ts';

/** A topic of `total` records, and what to do with each value. */
export interface Question {
  bootstrap: string;
  topic: string;
  total: number;
  touch: keyof typeof TOUCHES;
}

/** Reads the whole topic on a client of its own. */
export type Reader = (question: Question) => Promise<Took>;

/** Fetch settings of the log port, so that clients are compared and not their defaults. */
const BYTES_PER_PARTITION = 1024 * 1024;
const BYTES_PER_FETCH = 4 * 1024 * 1024;

/** kafkajs as it comes from npm. Refuses a process in which the log port has put its decoder in the place of kafkajs's. */
export const readKafkajs: Reader = async ({ bootstrap, topic, total, touch }) => {
  refuseOurDecoder();
  const watch = new Stopwatch(total);
  const touched = TOUCHES[touch]();
  const kafka = new Kafka({ brokers: [bootstrap], clientId: 'bench', logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({
    groupId: `bench-${randomUUID()}`,
    maxBytesPerPartition: BYTES_PER_PARTITION,
    maxBytes: BYTES_PER_FETCH,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      watch.begin();
      for (const { value } of batch.messages) if (value !== null) touched.value(value);
      watch.count(batch.messages.length);
    },
  });
  await watch.read;
  touched.end();
  const took = watch.end();
  await consumer.disconnect();
  return took;
};

/** The log port. */
export const readPort: Reader = async ({ bootstrap, topic, total, touch }) => {
  const { createKafkaLog } = await import('../../lib/adapters/kafka/index.ts');
  const { createTopicIdentity } = await import('../../lib/adapters/kafka-metadata/index.ts');
  const client = { brokers: [bootstrap], clientId: 'bench' };
  const log = createKafkaLog({ ...client, identity: createTopicIdentity(client) });
  const watch = new Stopwatch(total);
  const touched = TOUCHES[touch]();
  const consumer = await log.consume({
    group: `bench-${randomUUID()}`,
    topics: [topic],
    handlers: {
      onAssigned: async () => ({ offset: 0 }),
      onRevoked: async () => {},
      onBatch: async ({ records }) => {
        watch.begin();
        for (const { value } of records) if (value !== null) touched.value(value);
        watch.count(records.length);
      },
    },
  });
  await Promise.race([watch.read, consumer.failed]);
  touched.end();
  const took = watch.end();
  await log.close();
  return took;
};

/** @platformatic/kafka's consumer, whose stream has an object for each record. */
export const readPlatformatic: Reader = async ({ bootstrap, topic, total, touch }) => {
  const { Consumer, MessagesStreamModes } = await import('@platformatic/kafka');
  const watch = new Stopwatch(total);
  const touched = TOUCHES[touch]();
  const consumer = new Consumer({ bootstrapBrokers: [bootstrap], clientId: 'bench', groupId: `bench-${randomUUID()}` });
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: false,
    maxBytes: BYTES_PER_FETCH,
    highWaterMark: 8192,
  });
  stream.on('data', ({ value }) => {
    watch.begin();
    touched.value(value);
    watch.count(1);
  });
  await watch.read;
  touched.end();
  const took = watch.end();
  await stream.close();
  await consumer.close(true);
  return took;
};

function refuseOurDecoder(): void {
  const require = createRequire(import.meta.url);
  const decode: unknown = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages');
  if (typeof decode !== 'function' || decode.name !== 'decodeMessages') {
    throw new Error("kafkajs has the log port's decoder in this process: measure it in one of its own");
  }
}
