import type { ModelSpec } from '../core/monitors/types.ts';
import type { Store } from '../ports/store.ts';
import { sqlTime } from './time.ts';

/** Writes the configuration's models over whatever was registered on sight; keeps when a model was first seen. */
export async function declareModels(
  store: Store,
  models: readonly ModelSpec[],
  monitored: ReadonlySet<string>,
  now: number,
): Promise<void> {
  const seen = await firstSeen(store);
  const rows = models.map((model) => ({
    model: model.name,
    declared: 1,
    monitored: monitored.has(model.name) ? 1 : 0,
    window_ms: model.windowMs,
    timezone: model.timezone,
    segments: model.segments,
    reference: model.reference?.name ?? '',
    first_seen: sqlTime(seen.get(model.name) ?? now),
    row_version: now,
  }));
  await store.insert('model_rows', rows);
}

async function firstSeen(store: Store): Promise<Map<string, number>> {
  const rows = await store.query<{ model: string; seen: number }>(
    'SELECT model, min(toUnixTimestamp64Milli(first_seen)) AS seen FROM model_rows GROUP BY model',
  );
  return new Map(rows.map((row) => [row.model, row.seen]));
}
