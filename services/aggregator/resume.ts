import { isFrozen } from '../../lib/core/chunks/frozen.ts';
import { afterTruncation } from '../../lib/core/incarnation.ts';
import { LAYOUT } from '../../lib/registry/spec.ts';
import { coveredUntil } from '../../lib/tables/chunk-rows.ts';
import { declaredBefore } from '../../lib/tables/losses.ts';
import type { Manifest } from '../../lib/tables/manifests.ts';
import { claim, OVERTAKEN } from './claim.ts';
import type { Collaborators } from './collaborators.ts';
import type { Environment } from './environment.ts';
import { freeze, succeedFrozen } from './freeze.ts';
import { declareGap, partitionOffsets } from './gaps.ts';
import type { PartitionState, Place } from './partition-state.ts';
import { decideStart, type Start } from './start.ts';

/** Decides where to read an assigned partition from, and takes up into its state what the manifest knows. */
export async function resume(shared: Collaborators, state: PartitionState, committed: number | null): Promise<Start> {
  const { environment, specs } = shared;
  const { store } = environment.context;
  const { topic, partition } = state.place;
  const history = await claim(shared, state);
  if (history === null) return { kind: 'halt', reason: OVERTAKEN };
  const offsets = await partitionOffsets(environment, state.place);
  const { last } = history;
  if (last === null) {
    const facts = { history, sameLayout: true, coveredUntil: 0, committed, offsets, epochEnd: null };
    return begin(shared, state, decideStart(facts), null);
  }
  const { spec } = await specs.bound(last.specId);
  const sameLayout = spec.layout === LAYOUT;
  const covered = await environment.persist('chunk_rows', () => coveredUntil(store, last, last.specId));
  state.place = { topic, incarnation: last.incarnation, partition };
  state.passed = last.passed;
  state.replaying = last.replaying;
  state.durable = { reach: last.reach, passed: last.passed, replaying: last.replaying };
  const epochEnd = await endOfEpoch(environment, state.place, last);
  const start = decideStart({ history, sameLayout, coveredUntil: covered, committed, offsets, epochEnd });
  // Behind rows that nobody can write again comes another chunk. Whoever still has this one in memory must not add to it.
  if (!last.closed && start.kind === 'open' && start.offset > last.chunkStart) {
    await freeze(environment, last, Math.max(last.reach, covered));
    return resume(shared, state, committed);
  }
  if (isFrozen(last.specId)) await succeedFrozen(environment, state, last, spec);
  if (start.kind === 'open' || start.kind === 'reopen') {
    const chunk = { ...state.place, chunkStart: start.offset };
    state.declaredLosses = await environment.persist('loss_rows', () => declaredBefore(store, chunk));
  }
  return begin(shared, state, start, last);
}

function endOfEpoch(
  environment: Environment,
  { topic, partition }: Place,
  { epoch }: Manifest,
): Promise<number | null> {
  if (epoch === null || epoch === undefined) return Promise.resolve(null);
  const { log } = environment.context;
  return environment.persist('leader epochs', () => log.epochEnd({ topic, partition }, epoch.leaderEpoch));
}

async function begin(
  { environment }: Collaborators,
  state: PartitionState,
  start: Start,
  last: Manifest | null,
): Promise<Start> {
  if (start.kind === 'halt') return start;
  state.position = start.offset;
  if (start.kind === 'truncated') {
    // Of the incarnation that lost them. The new one exists from its first manifest on.
    await declareGap(environment, state.place, start.gap);
    state.place = { ...state.place, incarnation: afterTruncation(state.place.incarnation) };
    state.durable = { reach: start.offset, passed: last?.passed ?? -1, replaying: state.replaying };
    return start;
  }
  state.epoch = last?.epoch ?? null;
  if (start.kind === 'reopen') {
    state.bound = last === null ? null : { ...last, reach: state.durable!.reach };
    return start;
  }
  if (last !== null) {
    state.durable = { reach: start.offset, passed: last.passed, replaying: last.replaying };
  }
  if (start.gap !== null) await declareGap(environment, state.place, start.gap);
  return start;
}
