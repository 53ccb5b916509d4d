import type { LogInspector } from '../../lib/ports/log-inspector.ts';
import type { Store } from '../../lib/ports/store.ts';
import { LAYOUT } from '../../lib/registry/spec.ts';
import { coveredUntil } from '../../lib/tables/chunk-rows.ts';
import { loadHistory, type Manifest } from '../../lib/tables/manifests.ts';
import { loadSpec } from '../../lib/tables/specs.ts';
import { decideStart, type Start } from '../aggregator/start.ts';
import type { NextStart, Place } from '../doctor/types.ts';

type Epochs = Pick<LogInspector, 'epochEnd'>;

/** Where an aggregator that starts now would begin, by its own decision over what the store and the log say. */
export async function nextStart(store: Store, log: Epochs | null, place: Place): Promise<NextStart> {
  const { topic, incarnation, partition, committed } = place;
  const history = await loadHistory(store, topic, incarnation, partition);
  const offsets = { partition, beginning: place.beginning, end: place.end };
  const { last } = history;
  if (last === null) return told(decideStart({ history, sameLayout: true, coveredUntil: 0, committed, offsets }));
  const sameLayout = (await loadSpec(store, last.specId)).layout === LAYOUT;
  const covered = await coveredUntil(store, last, last.specId);
  const epochEnd = await endOfEpoch(log, place, last);
  return told(decideStart({ history, sameLayout, coveredUntil: covered, committed, offsets, epochEnd }));
}

/** Where the log ends for the epoch of the last record that rows cover: before that record where the log was truncated. */
async function endOfEpoch(
  log: Epochs | null,
  { topic, partition }: Place,
  { epoch }: Manifest,
): Promise<number | null> {
  if (log === null || epoch === null || epoch === undefined) return null;
  return log.epochEnd({ topic, partition }, epoch.leaderEpoch);
}

function told(start: Start): NextStart {
  if (start.kind === 'halt') return start;
  return { kind: 'read', offset: start.offset, gap: start.kind === 'reopen' ? null : start.gap };
}
