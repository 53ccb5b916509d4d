import { type Assignment, type Batch, type Consumer, type Log, StaleAssignmentError } from '../ports/log.ts';
import type { Config } from './config/types.ts';
import { describeError } from './errors.ts';
import type { Logger } from './logging.ts';

/** The consumer group that all processes of a service share. */
export function groupOf({ log }: Pick<Config, 'log'>, service: 'aggregator' | 'detector' | 'notifier'): string {
  return `${log.kind === 'kafka' ? log.groupPrefix : 'driftline'}-${service}`;
}

/**
 * Where a consumer begins that may read again but must not skip: the committed offset where the log still has it, else
 * the oldest record. Rejects as `Log.offsets` does.
 */
export async function committedOrOldest(
  log: Pick<Log, 'offsets'>,
  { topic, partition }: Assignment,
  committed: number | null,
): Promise<{ offset: number }> {
  const bounds = (await log.offsets(topic)).find((offsets) => offsets.partition === partition);
  const beginning = bounds?.beginning ?? 0;
  const valid = committed !== null && committed >= beginning && committed <= (bounds?.end ?? committed);
  return { offset: valid ? committed : beginning };
}

/** Commits what a batch reached, best effort: for consumers to which reading it again changes nothing. */
export async function commitIfPossible(consumer: Consumer | null, batch: Batch, logger: Logger): Promise<void> {
  const { topic, partition, nextOffset } = batch;
  try {
    await consumer?.commit({ topic, partition }, nextOffset);
  } catch (error) {
    const level = error instanceof StaleAssignmentError ? 'debug' : 'warn';
    logger[level]({ err: error, partition }, `offset not committed: ${describeError(error)}`);
  }
}
