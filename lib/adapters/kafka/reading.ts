import type { EachBatchPayload } from 'kafkajs';
import { type PartitionId, partitionId } from '../../core/assignment.ts';
import type { Truncation } from '../../ports/log.ts';
import { fetchedFrom, firstEpoch, toFetched } from './batches.ts';
import type { ClusterView } from './cluster-view.ts';
import type { FetchControl } from './fetch-control.ts';
import { insist } from './insist.ts';
import type { PartitionWorker } from './partition-worker.ts';

/** How long the fetch loop waits for a slow partition before it pauses it and goes on with the others. */
const PATIENCE_MS = 1000;
/** Between looks at a full queue, so that heartbeats go out meanwhile. */
const HEARTBEAT_LOOK_MS = 200;

export interface ReadingEvents {
  /** Does something asynchronous whose failure ends the consumer. */
  guard(call: () => Promise<void>): Promise<void>;
  /** The log does not go on where the worker stands: whoever handles it has to say anew where to read. */
  onLost(worker: PartitionWorker, truncation?: Truncation): void;
}

/**
 * From what kafkajs fetches to the workers: takes only what continues the last fetch, in the log it was fetched from.
 * kafkajs resets positions in silence, and cannot see that a log was truncated and has grown again.
 */
export class Reading {
  private readonly workers: ReadonlyMap<PartitionId, PartitionWorker>;
  private readonly fetching: FetchControl;
  private readonly cluster: ClusterView;
  private readonly events: ReadingEvents;

  constructor(
    workers: ReadonlyMap<PartitionId, PartitionWorker>,
    fetching: FetchControl,
    cluster: ClusterView,
    events: ReadingEvents,
  ) {
    this.workers = workers;
    this.fetching = fetching;
    this.cluster = cluster;
    this.events = events;
  }

  async eachBatch({ batch, resolveOffset, heartbeat }: EachBatchPayload): Promise<void> {
    const worker = this.workers.get(partitionId(batch.topic, batch.partition));
    if (worker === undefined || !this.accepts(worker, fetchedFrom(batch), firstEpoch(batch))) return;
    worker.offer(toFetched(batch));
    resolveOffset(batch.lastOffset());
    await this.waitForRoom(worker, heartbeat);
  }

  /**
   * Reads on from `offset` if the log still holds it and what was read before it. `fresh`: the handlers have just named
   * this offset, so that asking them again would not help.
   */
  async moveTo(worker: PartitionWorker, offset: number, { fresh = false, epoch = -1 } = {}): Promise<void> {
    const { topic, partition } = worker.assignment;
    worker.expected = null;
    worker.target = offset;
    const over = () => worker.isStopped;
    const all = await insist(over, () => this.cluster.offsets(topic));
    const known = worker.epoch;
    const end =
      known === null ? null : await insist(over, () => this.cluster.epochEnd(worker.assignment, known.leaderEpoch));
    if (all === undefined || end === undefined || worker.halted !== null) return;
    if (end !== null && end < known!.reach) return this.events.onLost(worker, { offset: end, position: offset });
    const range = all.find((one) => one.partition === partition);
    if (range !== undefined && offset >= range.beginning && offset <= range.end) {
      worker.expected = offset;
      worker.checkedEpoch = Math.max(worker.checkedEpoch, epoch);
      this.fetching.align(worker);
      return;
    }
    if (!fresh) return this.events.onLost(worker);
    const holds = range === undefined ? 'no such partition' : `${range.beginning} to ${range.end}`;
    worker.haltAndTell(`${topic}/${partition}: offset ${offset} is outside the log, which holds ${holds}`);
  }

  /** Only what continues the last fetch is taken. Anything else is kafkajs's reset, or was under way when we moved. */
  private accepts(worker: PartitionWorker, from: number, epoch: number): boolean {
    const { expected, isStopped, halted } = worker;
    // Else kafkajs would fetch the same again and again.
    if (halted !== null) this.fetching.pause(worker);
    if (expected === null || isStopped || this.fetching.suspended) return false;
    // A new leader may have less than the one before had.
    const isKnown = worker.epoch === null || epoch <= Math.max(worker.epoch.leaderEpoch, worker.checkedEpoch);
    if (from === expected && isKnown) return true;
    this.fetching.pause(worker);
    void this.events.guard(() => this.moveTo(worker, expected, { epoch }));
    return false;
  }

  /** Slow handlers hold up the fetching for a second at most; then their partition is paused, and others go on. */
  private async waitForRoom(worker: PartitionWorker, heartbeat: () => Promise<void>): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (worker.full && Date.now() < end) {
      await worker.room(HEARTBEAT_LOOK_MS);
      await heartbeat();
    }
    if (worker.full) this.fetching.pause(worker);
  }
}
