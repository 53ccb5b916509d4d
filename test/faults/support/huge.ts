import type { KafkaBrokerOptions } from '../../support/kafka-broker.ts';
import type { Poison } from '../../support/poison.ts';
import type { FaultWorld } from './world.ts';

const MEGABYTE = 1024 * 1024;
/** librdkafka's own limit would keep the large ones from the broker. */
export const LARGE = ['-X', 'message.max.bytes=1000000000', '-X', 'batch.size=1000000'];

/** What a broker needs to take them: it inflates each in its own memory. */
export const LARGE_BROKER: Pick<KafkaBrokerOptions, 'properties' | 'heapMb'> = {
  properties: { 'message.max.bytes': '104857600', 'socket.request.max.bytes': '209715200' },
  heapMb: 1_536,
};

export type Huge = Poison & { codec: string };

/** What only Kafka can bring: batches that grow, and messages beyond an event's size. All become dead letters. */
export function huge(now: number): Huge[] {
  const bombs = ['gzip', 'snappy', 'lz4', 'zstd'].map((codec) => ({
    name: `a ${codec} bomb`,
    value: Buffer.alloc(96 * MEGABYTE, 0x20),
    code: 'too_large',
    codec,
  }));
  const keys = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`key${i}`, 1]));
  const map = JSON.stringify({ prediction_id: 'p', model: 'poison', timestamp: now, features: keys });
  return [
    ...bombs,
    { name: '50 MB', value: Buffer.alloc(50 * MEGABYTE, 0x7b), code: 'too_large', codec: 'none' },
    { name: 'a million keys', value: Buffer.from(map), code: 'too_large', codec: 'none' },
    { name: 'a million keys, zstd', value: Buffer.from(map), code: 'too_large', codec: 'zstd' },
  ];
}

/** Writes one of them, as a batch of its own. */
export async function sendHuge(world: FaultWorld, one: Huge, partition: number): Promise<void> {
  await world.feeder.send([one.value], { partition, args: [...LARGE, '-z', one.codec] });
}
