import { createHash } from 'node:crypto';
import { baseSpecId } from '../core/chunks/frozen.ts';
import type { AggregationSpec } from '../core/chunks/spec.ts';
import type { Store } from '../ports/store.ts';

/** The spec's id: a hash of its canonical JSON, so that equal specs have equal ids in every process. */
export function specId(spec: AggregationSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex').slice(0, 32);
}

/** Stores the spec under its id; idempotent. */
export async function saveSpec(store: Store, spec: AggregationSpec): Promise<string> {
  const id = specId(spec);
  await store.insert('aggregation_specs', [{ spec_id: id, spec: canonicalJson(spec) }]);
  return id;
}

/** The spec that a chunk was bound to, frozen or not. Throws when the store does not have it: a replay could then only guess. */
export async function loadSpec(store: Store, id: string): Promise<AggregationSpec> {
  const rows = await store.query<{ spec: string }>(
    'SELECT spec FROM aggregation_specs WHERE spec_id = {id:String} LIMIT 1',
    { id: baseSpecId(id) },
  );
  if (rows[0] === undefined) throw new Error(`aggregation spec ${id} is not in ${store.database}.aggregation_specs`);
  return JSON.parse(rows[0].spec) as AggregationSpec;
}

/** JSON with the keys of every object in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
