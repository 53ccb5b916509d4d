import type { Store } from '../../lib/ports/store.ts';
import { LAYOUT } from '../../lib/registry/spec.ts';
import { coveredUntil } from '../../lib/tables/chunk-rows.ts';
import { loadHistory } from '../../lib/tables/manifests.ts';
import { loadSpec } from '../../lib/tables/specs.ts';
import { decideStart, type Start } from '../aggregator/start.ts';
import type { NextStart, Place } from '../doctor/types.ts';

/** Where an aggregator that starts now would begin, by its own decision over what the store and the log say. */
export async function nextStart(store: Store, place: Place): Promise<NextStart> {
  const { topic, incarnation, partition, committed } = place;
  const history = await loadHistory(store, topic, incarnation, partition);
  const offsets = { partition, beginning: place.beginning, end: place.end };
  const { last } = history;
  // Not asked here: where a log was truncated, the aggregator finds out by itself from which offset on.
  const epochEnd = null;
  if (last === null)
    return told(decideStart({ history, sameLayout: true, coveredUntil: 0, committed, offsets, epochEnd }));
  const sameLayout = (await loadSpec(store, last.specId)).layout === LAYOUT;
  const covered = await coveredUntil(store, last, last.specId);
  return told(decideStart({ history, sameLayout, coveredUntil: covered, committed, offsets, epochEnd }));
}

function told(start: Start): NextStart {
  if (start.kind === 'halt') return start;
  const gap = start.kind === 'reopen' ? null : start.gap;
  return { kind: 'read', offset: start.offset, lost: gap === null ? 0 : gap.end - gap.first };
}
