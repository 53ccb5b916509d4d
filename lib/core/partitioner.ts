/**
 * murmur2 over `data`, as Apache Kafka's Java clients hash record keys (org.apache.kafka.common.utils.Utils.murmur2,
 * seed 0x9747b28c). Returns a signed 32-bit integer.
 */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  const whole = data.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = data.length - whole;
  if (rest > 2) h ^= data[whole + 2]! << 16;
  if (rest > 1) h ^= data[whole + 1]! << 8;
  if (rest > 0) h = Math.imul(h ^ data[whole]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** The partition Kafka's default partitioner gives a record with this key: positive murmur2 modulo the partition count. */
export function partitionForKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
