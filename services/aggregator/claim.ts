import { topicIdOf } from '../../lib/core/incarnation.ts';
import { PartitionHaltError, StaleAssignmentError } from '../../lib/ports/log.ts';
import {
  highestGeneration,
  loadHistory,
  type Manifest,
  type PartitionHistory,
  writeManifest,
} from '../../lib/tables/manifests.ts';
import type { Collaborators } from './collaborators.ts';
import type { Environment } from './environment.ts';
import type { PartitionState } from './partition-state.ts';

/** Why an earlier owner reads no further. */
export const OVERTAKEN =
  'its manifests are of a later generation of the consumer group: another member has taken it over, and this one will ' +
  'notice when its session ends; should it stay so, restart this process';

/**
 * What the manifests tell of the partition, once the last chunk stands under this assignment's generation. From then on no
 * earlier owner opens another chunk: it looks for later generations after its opening and before its first row (see
 * `checkStillOwned`), and what it opened before is seen here. null: this is the earlier owner.
 */
export async function claim(shared: Collaborators, state: PartitionState): Promise<PartitionHistory | null> {
  const { environment } = shared;
  const { store } = environment.context;
  const { topic, incarnation, partition } = state.place;
  const id = topicIdOf(incarnation);
  for (;;) {
    const history = await environment.persist('manifest_rows', () => loadHistory(store, topic, id, partition));
    const { last } = history;
    if (last === null) return history;
    const isLate = history.generation > state.generation;
    if (isLate && !(await takeUpGeneration(shared, state, history.generation, last))) return null;
    if (last.groupGeneration === state.generation) return history;
    const claimed = { ...last, groupGeneration: state.generation };
    await environment.persist('manifest_rows', () => writeManifest(store, claimed));
  }
}

/** Throws PartitionHaltError where a later owner has claimed the partition. */
export async function checkStillOwned(environment: Environment, state: PartitionState): Promise<void> {
  const { place, generation } = state;
  const { store } = environment.context;
  const highest = await environment.persist('manifest_rows', () => highestGeneration(store, place));
  if (highest > generation) throw new PartitionHaltError(`${place.topic}/${place.partition}: ${OVERTAKEN}`);
}

/**
 * A group that was made anew counts its generations from 1 again; a member that others have overtaken without its knowing
 * looks the same, but its commit is refused.
 */
async function takeUpGeneration(
  { environment, commit }: Collaborators,
  state: PartitionState,
  highest: number,
  last: Manifest,
): Promise<boolean> {
  const { topic, partition } = state.place;
  const isOwner = await environment.persist('committed offset', () =>
    commit({ topic, partition }, last.closed ? last.reach : last.chunkStart).then(
      () => true,
      (error: unknown) => {
        if (error instanceof StaleAssignmentError) return false;
        throw error;
      },
    ),
  );
  if (isOwner) state.generation += highest;
  return isOwner;
}
