import type { Baseline } from '../core/baselines/types.ts';
import type { ModelSpec } from '../core/monitors/types.ts';
import type { Store } from '../ports/store.ts';
import type { OpenTable } from '../ports/table-file.ts';
import { currentBaselineVersion, insertBaseline } from '../tables/baselines.ts';
import { baselineColumns, readReference, referenceVersion } from './read-reference.ts';

/**
 * Makes a model's declared reference its current baseline version. Idempotent by content: an unchanged file read the
 * same way is not read again. Returns whether a version was written.
 */
export async function registerReference(model: ModelSpec, store: Store, openTable: OpenTable): Promise<boolean> {
  if (model.reference === null) return false;
  const { name, file } = model.reference;
  const version = await referenceVersion(file, model);
  if ((await currentBaselineVersion(store, model.name, name)) === version) return false;
  const columns = baselineColumns(await readReference(file, model, openTable), model);
  const baseline: Baseline = {
    model: model.name,
    name,
    version,
    columns: new Map(columns.map((column) => [column.feature, column])),
  };
  await insertBaseline(store, baseline);
  return true;
}
