import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricName, ModelSpec, Monitor } from '../../lib/core/monitors/types.ts';
import { newEvent } from '../kafka/fill.ts';

const ROWS = 10_000;
const METRICS: readonly MetricName[] = ['psi', 'ks', 'chi2', 'missing_rate', 'unseen_rate'];

/** The segment that events of the bench have, where they have one: region=r0 … */
export const SEGMENT = 'region';

/**
 * The model of the bench's events as a user would declare it, with a reference of the same distribution, written into
 * `dir`, and one monitor of everything; segments are tested too where there are any.
 */
export function declareModel(
  dir: string,
  { features, windowMs, segments }: { features: number; windowMs: number; segments: boolean },
): { models: ModelSpec[]; monitors: Monitor[] } {
  const file = join(dir, 'reference.csv');
  const names = Array.from({ length: features }, (_, at) => `feature_${at}`);
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const values = newEvent(row, features).features;
    return [...values, Math.random(), row % 3 === 0 ? 'yes' : 'no'].join(',');
  });
  writeFileSync(file, `${[...names, 'score', 'label'].join(',')}\n${rows.join('\n')}\n`);
  const own = segments ? [SEGMENT] : [];
  const columns = { score: 'score', prediction: 'label' };
  const model = { name: 'bench', windowMs, timezone: 'UTC', segments: own, reference: { name: 'reference', file } };
  const monitor = { name: 'drift', model: 'bench', windowMs, baseline: 'reference', metrics: METRICS };
  return {
    models: [{ ...model, columns, categorical: [], ignore: [] }],
    monitors: [
      { ...monitor, target: '*', threshold: {}, minSamples: 500, persistence: 2, severity: 'error', segments: own },
    ],
  };
}
