import { type Connection, createAPI, offsetForLeaderEpochV4, type Reader } from '@platformatic/kafka';
import type { Assignment } from '../../ports/log.ts';

/** What a consumer gives as its replica id. */
const NO_REPLICA = -1;
/** Leaves it to the broker which leader epoch is the current one. */
const ANY_EPOCH = -1;

interface EpochEnd {
  error: number;
  end: number;
}

/** Asks the partition's leader where an epoch ended in its log; below zero: it does not know the epoch. */
export async function offsetForLeaderEpoch(
  connection: Connection,
  { topic, partition }: Assignment,
  leaderEpoch: number,
): Promise<number> {
  const partitions = [{ partitionIndex: partition, currentLeaderEpoch: ANY_EPOCH, leaderEpoch }];
  const answer = await api.async(connection, NO_REPLICA, [{ name: topic, partitions }]);
  const { error, end } = answer[0]?.[0] ?? { error: -1, end: -1 };
  if (error !== 0) throw new Error(`${topic}/${partition}: the broker tells no leader epochs (Kafka error ${error})`);
  return end;
}

/** The client's own parser takes the error code and the partition for one another. */
const { key, version } = offsetForLeaderEpochV4.api;
const api = createAPI<Parameters<typeof offsetForLeaderEpochV4.createRequest>, EpochEnd[][]>(
  key,
  version,
  offsetForLeaderEpochV4.createRequest,
  (_correlation: number, _key: number, _version: number, reader: Reader) => {
    reader.readInt32();
    return reader.readArray((topic) => {
      topic.readString();
      return topic.readArray((partition) => {
        const error = partition.readInt16();
        partition.readInt32();
        partition.readInt32();
        return { error, end: Number(partition.readInt64()) };
      });
    });
  },
);
