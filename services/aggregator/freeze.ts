import { chunkEnd } from '../../lib/core/chunks/chunk.ts';
import { baseSpecId, frozenSpecId } from '../../lib/core/chunks/frozen.ts';
import type { AggregationSpec } from '../../lib/core/chunks/spec.ts';
import { CHUNK_LOSS_REASONS } from '../../lib/core/chunks/types.ts';
import { LAYOUT } from '../../lib/registry/spec.ts';
import { copyChunkRows, coveredUntil } from '../../lib/tables/chunk-rows.ts';
import { sealLosses } from '../../lib/tables/losses.ts';
import { type Manifest, writeManifest } from '../../lib/tables/manifests.ts';
import type { Environment } from './environment.ts';
import type { PartitionState } from './partition-state.ts';

/**
 * Ends the claimed open chunk where its rows reach now, at `reach` or later: they are copied under a spec id of their own,
 * which binds the chunk from here on. What an earlier owner still writes of it counts nowhere, so that a sub-chunk can
 * follow. Killed anywhere, it is done again; what was copied then serves or counts nowhere.
 */
export async function freeze(environment: Environment, chunk: Manifest, reach: number): Promise<void> {
  const { store } = environment.context;
  const from = chunk.specId;
  for (let end = reach; ; ) {
    const to = frozenSpecId(from, end);
    await environment.persist('chunk_rows', () => copyChunkRows(store, chunk, { from, to, reach: end }));
    // A flush meanwhile may have replaced rows before they were copied: then all of it is taken.
    const covered = await environment.persist('chunk_rows', () => coveredUntil(store, chunk, from));
    if (covered <= end) {
      const frozen = { ...chunk, specId: to, reach: end, closed: true };
      await environment.persist('manifest_rows', () => writeManifest(store, frozen));
      environment.context.logger.warn(
        { topic: chunk.topic, partition: chunk.partition, chunk_start: chunk.chunkStart, reach: end },
        'an open chunk cannot be read again: its rows stay, a sub-chunk follows',
      );
      return;
    }
    end = covered;
  }
}

/**
 * What has to hold before a sub-chunk follows the frozen chunk: its losses stay as they are, and the sub-chunk takes over
 * its spec.
 */
export async function succeedFrozen(
  environment: Environment,
  state: PartitionState,
  frozen: Manifest,
  spec: AggregationSpec,
): Promise<void> {
  const { store } = environment.context;
  const end = chunkEnd(frozen.chunkStart, spec.chunkSize);
  const version = end + 1 + state.generation;
  await environment.persist('loss_rows', () =>
    sealLosses(store, frozen, { reasons: CHUNK_LOSS_REASONS, end, version }),
  );
  if (spec.layout === LAYOUT) state.inherited = { specId: baseSpecId(frozen.specId), until: end };
}
