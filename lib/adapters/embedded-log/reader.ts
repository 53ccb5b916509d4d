import type { LogRecord } from '../../ports/log.ts';
import type { Partition } from './catalog.ts';
import { batchCount, decodeBatch } from './record-batch.ts';
import type { Storage } from './storage.ts';

const MAX_RECORDS = 2000;
const MAX_BYTES = 512 * 1024;

/**
 * Records from `offset` on: none at the end of the partition, otherwise whole stored batches until 2,000 records or
 * 512 KiB are reached (a batch adds at most 999 records; a single greater record is read alone).
 */
export function readRecords(storage: Storage, partition: Partition, offset: number): LogRecord[] {
  const records: LogRecord[] = [];
  let next = offset;
  let bytes = 0;
  while (next < partition.end && records.length < MAX_RECORDS && bytes < MAX_BYTES) {
    const found = findBatch(storage, partition, next);
    decodeBatch(found.batch, found.baseOffset, next, records);
    next = found.baseOffset + batchCount(found.batch);
    bytes += found.batch.length;
  }
  return records;
}

/** The batch that holds `offset`. Readers go from batch to batch, so the exact key is nearly always there. */
function findBatch(storage: Storage, partition: Partition, offset: number): { baseOffset: number; batch: Buffer } {
  const exact = storage.batches.get([partition.uid, offset]);
  if (exact !== undefined) return { baseOffset: offset, batch: exact };
  const range = storage.batches.getRange({
    start: [partition.uid, offset],
    end: [partition.uid, -1],
    reverse: true,
    limit: 1,
  });
  for (const { key, value } of range) {
    if (offset < key[1] + batchCount(value)) return { baseOffset: key[1], batch: value };
  }
  throw new Error(`embedded log: ${partition.topic}/${partition.partition} has no record batch for offset ${offset}`);
}
