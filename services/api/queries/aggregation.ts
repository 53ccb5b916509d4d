import type { AggregationSpec } from '../../../lib/core/chunks/spec.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import type { Store } from '../../../lib/ports/store.ts';
import { specsInForce } from '../../../lib/tables/manifests.ts';
import { loadSpec } from '../../../lib/tables/specs.ts';
import type { ModelDetail } from '../schemas/models.ts';

/** How the model's events are aggregated now, and from which offset of each partition on: a change waits for a new chunk. */
export async function aggregationInForce(store: Store, model: string): Promise<ModelDetail['aggregation']> {
  const inForce = await specsInForce(store, TOPICS.predictions);
  const ids = [...new Set(inForce.map(({ specId }) => specId))];
  const specs = new Map(await Promise.all(ids.map(async (id) => [id, await loadSpec(store, id)] as const)));
  return inForce.map(({ partition, specId, fromOffset }) => {
    const { window, segments } = modelIn(specs.get(specId)!, model);
    return {
      partition,
      from_offset: fromOffset,
      spec_id: specId,
      window_ms: window.lengthMs,
      timezone: window.timezone,
      segments,
    };
  });
}

function modelIn(spec: AggregationSpec, model: string): Pick<AggregationSpec['models'][number], 'window' | 'segments'> {
  return spec.models.find((declared) => declared.model === model) ?? { window: spec.defaults.window, segments: [] };
}
