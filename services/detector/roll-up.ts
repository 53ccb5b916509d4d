import { mergePeriodColumn, type PeriodColumn } from '../../lib/core/rollups/merge-period.ts';
import type { Resolution } from '../../lib/core/windows/periods.ts';
import type { Store } from '../../lib/ports/store.ts';
import type { WindowRef } from '../../lib/tables/ledger.ts';
import {
  type ColumnSize,
  insertPeriod,
  type PeriodHead,
  periodColumns,
  periodParts,
  readPeriodHead,
} from '../../lib/tables/rollups.ts';
import { rollUpScores } from '../../lib/tables/score-rollups.ts';

/** Values read in one go, about: bounds memory, and for how long parsing them holds up the process. */
const BATCH_VALUES = 500_000;
/** Columns read in one go at most. */
const BATCH_COLUMNS = 500;

/**
 * Makes the rows of one hour or day of a model's (version, role) from its windows as they are stored, unless they are there.
 * A function of those rows alone, so that whoever does it again, or at the same time, writes the same. The row of the period
 * itself is written last: until it is there the period counts as not done. Resolves to the day that an hour belongs to, which
 * is to be made next.
 */
export async function rollUp(
  store: Store,
  model: string,
  resolution: Resolution,
  period: WindowRef,
  signal: AbortSignal,
): Promise<PeriodHead['day']> {
  await rollUpScores(store, model, resolution, period);
  const head = await readPeriodHead(store, model, resolution, period);
  if (head === null) return null;
  if (head.covered <= head.stored) return head.day;
  const columns = await periodColumns(store, model, resolution, period);
  const events = new Map(columns.filter(({ feature }) => feature === '').map(({ segment, count }) => [segment, count]));
  const [last, others] = [columns.filter(isHead), columns.filter((column) => !isHead(column))];
  for (const batch of [...batches(others), last]) {
    signal.throwIfAborted();
    const parts = await periodParts(store, model, resolution, period, batch);
    await insertPeriod(store, model, resolution, head, mergeColumns(parts, events));
  }
  return head.day;
}

function isHead({ feature, segment }: Pick<ColumnSize, 'feature' | 'segment'>): boolean {
  return feature === '' && segment === '';
}

function mergeColumns(parts: readonly PeriodColumn[], events: ReadonlyMap<string, number>): PeriodColumn[] {
  const groups = new Map<string, PeriodColumn[]>();
  for (const part of parts) {
    const key = JSON.stringify([part.segment, part.feature]);
    const group = groups.get(key);
    if (group) group.push(part);
    else groups.set(key, [part]);
  }
  return [...groups.values()].map((group) => mergePeriodColumn(group, events.get(group[0]!.segment) ?? 0));
}

function* batches(columns: readonly ColumnSize[]): Generator<ColumnSize[]> {
  let batch: ColumnSize[] = [];
  let values = 0;
  for (const column of columns) {
    if (batch.length > 0 && (values + column.size > BATCH_VALUES || batch.length >= BATCH_COLUMNS)) {
      yield batch;
      [batch, values] = [[], 0];
    }
    batch.push(column);
    values += column.size;
  }
  if (batch.length > 0) yield batch;
}
