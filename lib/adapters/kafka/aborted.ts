import { createRequire } from 'node:module';
import type { BatchContext } from './record-batch.ts';

/** What is used of a record as kafkajs's decoder returns it. */
export interface FetchedRecord {
  offset: string;
  key: Buffer | null;
  isControlRecord?: boolean;
  batchContext?: Pick<BatchContext, 'inTransaction' | 'producerId'>;
}

/** A partition's part of an answer to a fetch. */
export interface FetchedPartition {
  abortedTransactions: readonly { producerId: string; firstOffset: string }[] | null;
  messages: FetchedRecord[];
}

interface FetchResponse {
  decode(bytes: Buffer): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
}

/** Versions of the fetch protocol that tell of aborted transactions. Some share their decoder. */
const VERSIONS = [4, 5, 6, 7, 8, 9, 10, 11];
/** A control record's key: its version, then its type, 0 for an abort; 2 bytes each. */
const TYPE_AT = 2;
const ABORT = 0;

/**
 * Leaves aborted records out of what kafkajs fetches, in the place of its own filter. That takes any record with the key
 * 00000000 for the end of an aborted transaction, and where a fetch begins inside several of them at once it lets records
 * of all but the first pass.
 */
export function installAbortFilter(): void {
  const require = createRequire(import.meta.url);
  const seen = new Set<FetchResponse['decode']>();
  for (const version of VERSIONS) {
    const response: FetchResponse = require(`kafkajs/src/protocol/requests/fetch/v${version}/response`);
    const { decode } = response;
    if (seen.has(decode)) continue;
    response.decode = async (bytes) => {
      const answer = await decode(bytes);
      for (const { partitions } of answer.responses) partitions.forEach(dropAborted);
      return answer;
    };
    seen.add(response.decode);
  }
}

/** Marks aborted records as kafkajs marks what only moves the position, and leaves it nothing to filter. */
export function dropAborted(partition: FetchedPartition): void {
  const waiting = [...(partition.abortedTransactions ?? [])];
  if (waiting.length === 0) return;
  waiting.sort((one, other) => Number(one.firstOffset) - Number(other.firstOffset));
  const aborting = new Set<string>();
  for (const record of partition.messages) {
    while (waiting.length > 0 && Number(waiting[0]!.firstOffset) <= Number(record.offset)) {
      aborting.add(waiting.shift()!.producerId);
    }
    if (record.batchContext === undefined) continue;
    const { producerId, inTransaction } = record.batchContext;
    if (record.isControlRecord === true) {
      if (isAbort(record.key)) aborting.delete(producerId);
    } else if (inTransaction && aborting.has(producerId)) {
      record.isControlRecord = true;
    }
  }
  partition.abortedTransactions = [];
}

function isAbort(key: Buffer | null): boolean {
  return key !== null && key.length >= TYPE_AT + 2 && key.readInt16BE(TYPE_AT) === ABORT;
}
