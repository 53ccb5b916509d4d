import { Aggregators } from '../kafka/aggregators.ts';
import { requireAll, type ServedStore } from '../kafka/served-store.ts';
import { steady } from '../latency/steady.ts';
import { withTopic } from '../latency/topic.ts';
import type { Sample, Slow } from './model.ts';

const PARTITIONS = 4;
const MOST_EVENTS = 1_000_000;
const SLOW_SECONDS = 30;

export interface Size {
  encoding: string;
  features: number;
  rawLog: boolean;
  /** Events times features of the topic. */
  values: number;
  /** Of which the cheapest counts; one before them is not counted. */
  rounds: number;
}

/** Columns of the bench's events: columnar batches have no label. */
const columnsOf = (encoding: string, features: number) => features + (encoding === 'columnar' ? 1 : 2);

/** One aggregator on a full topic until all is durable. */
export function measureFull(served: ServedStore, size: Size): Promise<Sample> {
  const { encoding, features, rawLog: predictionLog, rounds } = size;
  const wanted = Math.min(MOST_EVENTS, Math.floor(size.values / features));
  return withTopic(
    { encoding, features, events: wanted, partitions: PARTITIONS },
    async (bootstrap, { records, perRecord }) => {
      const group = new Aggregators(1);
      const events = records * perRecord;
      let best: Sample | null = null;
      for (let round = 0; round <= rounds; round++) {
        await served.empty();
        const before = process.cpuUsage();
        const taken = await group.run({ bootstrap, storeUrl: served.url, predictionLog }, records);
        const { user, system } = process.cpuUsage(before);
        await requireAll(served, events);
        const sample = {
          ...{ columns: columnsOf(encoding, features), events, rows: taken.ledgerRows },
          ...{ cpu: taken.cpu / perRecord, storeCpu: (user + system) / events, rawBytes: 0 },
        };
        if (round > 0 && (best === null || sample.cpu + sample.storeCpu < best.cpu + best.storeCpu)) best = sample;
      }
      await group.close();
      return { ...best!, rawBytes: predictionLog ? (await rawBytes(served)) / events : 0 };
    },
  );
}

/** A slow stream of JSON; what starting took is not counted of the aggregator, and is little of the store. */
export async function measureSlow(served: ServedStore, features: number, rate: number): Promise<Slow> {
  const before = process.cpuUsage();
  const { events, ledgerRows, vitals } = await steady(served, {
    ...{ rate, features, seconds: SLOW_SECONDS, partitions: PARTITIONS },
    ...{ predictionLog: false, watched: false },
  });
  const { user, system } = process.cpuUsage(before);
  const seconds = events / rate;
  return {
    columns: columnsOf('json', features),
    rate,
    cores: vitals[0]!.cores,
    storeCores: (user + system) / 1e6 / seconds,
    rows: ledgerRows / seconds,
  };
}

/** Of the raw log as it is, its parts merged. */
async function rawBytes({ store }: ServedStore): Promise<number> {
  await store.command('OPTIMIZE TABLE prediction_rows FINAL');
  const [row] = await store.query<{ bytes: number }>(
    `SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts
     WHERE active AND database = currentDatabase() AND table = 'prediction_rows'`,
  );
  return row!.bytes;
}
