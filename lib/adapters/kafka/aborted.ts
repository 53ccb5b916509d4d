import type { RecordBlock } from './record-batch.ts';

export interface AbortedTransaction {
  producerId: string;
  firstOffset: string;
}

/**
 * Marks what aborted transactions wrote in what was fetched of a partition, batch by batch as brokers mean it: a batch is
 * one producer's, and all of it is in a transaction or none. kafkajs's own filter takes any record with the key 00000000
 * for the end of an aborted transaction, and where a fetch begins inside several of them at once it lets records of all but
 * the first pass.
 */
export function markAborted(blocks: readonly RecordBlock[], aborted: readonly AbortedTransaction[]): void {
  if (aborted.length === 0) return;
  const waiting = [...aborted].sort((one, other) => Number(one.firstOffset) - Number(other.firstOffset));
  const aborting = new Set<string>();
  for (const block of blocks) {
    while (waiting.length > 0 && Number(waiting[0]!.firstOffset) <= block.lastOffset) {
      aborting.add(waiting.shift()!.producerId);
    }
    const { transactionOf, ends } = block;
    if (transactionOf === null || !aborting.has(transactionOf)) continue;
    if (ends === 'abort') aborting.delete(transactionOf);
    else if (ends === null) block.aborted = true;
  }
}
