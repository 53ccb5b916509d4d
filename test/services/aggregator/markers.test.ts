import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import type { Assignment, ConsumerHandlers, Log } from '../../../lib/ports/log.ts';
import { createRegistry } from '../../../lib/runtime/metrics.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { type World, Worlds } from './harness.ts';

const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

const MARKERS = 3;

/** The log as it is when `MARKERS` transaction markers end every partition: offsets without a record. */
class MarkedLog {
  readonly log: Log;
  readonly committed: [string, number][] = [];
  #handlers: ConsumerHandlers | null = null;

  constructor(log: Log) {
    this.log = replacing(log, {
      offsets: async (topic) => (await log.offsets(topic)).map((found) => ({ ...found, end: found.end + MARKERS })),
      consume: async (options) => {
        this.#handlers = options.handlers;
        const consumer = await log.consume(options);
        return replacing(consumer, {
          commit: async ({ topic }, offset) => void this.committed.push([topic, offset]),
        });
      },
    });
  }

  /** What the Kafka adapter says once it has passed them. */
  async pass({ topic, partition }: Assignment): Promise<void> {
    const end = (await this.log.offsets(topic))[partition]!.end;
    await this.#handlers!.onPosition!({ topic, partition, nextOffset: end, endOffset: end });
  }
}

async function passedPresent(world: World, count: number): Promise<void> {
  const place = { topic: TOPICS.predictions, partition: 0 };
  const marked = new MarkedLog(world.log);
  const metrics = createRegistry();
  const codec = createCodec({ encoding: 'json' });
  const passed: number[] = [];
  await world.log.consume({
    group: 'listener',
    topics: [TOPICS.windows],
    handlers: {
      onAssigned: async () => ({ offset: 0 }),
      onRevoked: async () => {},
      onBatch: async ({ records }) => {
        for (const { value } of records) {
          const message = codec.decodeAnnouncement(value!);
          if (message.kind === 'progress' && message.partition === 0) passed.push(message.passed);
        }
      },
    },
  });
  await world.start({ log: marked.log, metrics });
  const event = { prediction_id: 'p', model: 'm', timestamp: Date.now(), features: { x: 1 } };
  await world.send(0, Array(count).fill(event));
  await world.settled();
  await new Promise((resolve) => setTimeout(resolve, 400));
  const before = Date.now();
  assert.ok(
    passed.every((at) => at < before - 200),
    'not read to the end: not idle',
  );
  await marked.pass(place);
  await eventually('the partition to pass the present', async () => passed.some((at) => at >= before));
  assert.match(await metrics.metrics(), /driftline_lag_records\{topic="driftline.predictions",partition="0"\} 0\n/);
  await world.close();
}

test('a partition that ends in transaction markers is idle, within an open chunk', async () => {
  await passedPresent(await worlds.world({ idleAfterMs: 100 }), 5);
});

test('a partition that ends in transaction markers is idle, behind a closed chunk', async () => {
  await passedPresent(await worlds.world({ idleAfterMs: 100 }), 64);
});

test('labels: transaction markers are committed, so that no lag is left', async () => {
  const world = await worlds.world();
  const marked = new MarkedLog(world.log);
  const service = await world.start({ log: marked.log });
  await eventually('the group to be joined', async () => service.notReady() === null);
  await marked.pass({ topic: TOPICS.labels, partition: 0 });
  assert.deepEqual(marked.committed, [[TOPICS.labels, MARKERS]]);
  await world.close();
});
