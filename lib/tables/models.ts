import type { Store } from '../ports/store.ts';
import { sqlTime } from './time.ts';

/** One (model, version, role) seen in the stream, with the start of the window it was first seen in. */
export interface SightedVersion {
  model: string;
  version: string;
  role: string;
  /** ms */
  firstSeen: number;
  /** Length of the model's windows as aggregated, ms. */
  windowMs: number;
  timezone: string;
}

/** Names of the models that are registered, declared or on sight. */
export async function loadModelNames(store: Store): Promise<Set<string>> {
  const rows = await store.query<{ model: string }>('SELECT DISTINCT model FROM model_rows');
  return new Set(rows.map((row) => row.model));
}

/** The (model, version, role) triples that are registered. */
export async function loadVersions(store: Store): Promise<Pick<SightedVersion, 'model' | 'version' | 'role'>[]> {
  return store.query('SELECT DISTINCT model, version, role FROM model_version_rows');
}

/** Registers models on sight: their row version is below that of any declaration. */
export async function insertSightedModels(store: Store, sighted: readonly SightedVersion[]): Promise<void> {
  await store.insert(
    'model_rows',
    sighted.map((model) => ({
      model: model.model,
      declared: 0,
      monitored: 0,
      window_ms: model.windowMs,
      timezone: model.timezone,
      segments: [],
      reference: '',
      first_seen: sqlTime(model.firstSeen),
      row_version: 0,
    })),
  );
}

export async function insertVersions(store: Store, sighted: readonly SightedVersion[]): Promise<void> {
  await store.insert(
    'model_version_rows',
    sighted.map(({ model, version, role, firstSeen }) => ({ model, version, role, first_seen: sqlTime(firstSeen) })),
  );
}
