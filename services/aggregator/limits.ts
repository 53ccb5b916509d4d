import type { ChunkLimit } from '../../lib/core/chunks/limits.ts';
import type { LimitHits } from '../../lib/core/chunks/types.ts';
import type { Environment } from './environment.ts';

interface Place {
  topic: string;
  partition: number;
}

/** Of each cap of a chunk: the `limit` label of driftline_limit_hits_total, see docs/limits.md. */
export const CHUNK_LIMIT_LABELS: Readonly<Record<ChunkLimit, string>> = {
  models: 'models',
  variants: 'variants',
  undeclaredVariants: 'undeclared_variants',
  columns: 'columns',
  segmentValues: 'segment_values',
  categories: 'categories',
  categoryLength: 'category_length',
  liveWindows: 'live_windows',
  liveBytes: 'live_bytes',
};

/** Makes a chunk's hits visible: in the metric and, the first time, in the log with the model that hit first. */
export function reportChunkLimits(environment: Environment, place: Place, hits: readonly LimitHits[]): void {
  const { topic, partition } = place;
  for (const { limit, hits: count, model } of hits) {
    const label = CHUNK_LIMIT_LABELS[limit];
    environment.metrics.limits.inc({ topic, partition, limit: label }, count);
    if (!environment.isNews(`limit ${label} ${topic}/${partition}`)) continue;
    environment.context.logger.warn(
      { topic, partition, limit: label, hits: count, model },
      `past the limit ${label}: counted together from here on, see docs/limits.md; said once, the metric goes on`,
    );
  }
}
