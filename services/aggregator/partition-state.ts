import type { ChunkIdentity } from '../../lib/core/chunks/types.ts';
import type { ProgressMessage } from '../../lib/core/messages/types.ts';
import type { Manifest, RecordEpoch } from '../../lib/tables/manifests.ts';

/** One partition of one incarnation of a topic. */
export type Place = Omit<ChunkIdentity, 'chunkStart'>;

/** How far the partition's rows are durable: what may be announced and, at a chunk's start, committed. */
interface Durable {
  reach: number;
  passed: number;
}

/** What an assigned partition knows of itself; shared by those who read it, write its ledger and announce it. */
export class PartitionState {
  /** Its incarnation is the topic's until `resume` has seen whether the log was truncated. */
  place: Place;
  /**
   * The consumer group's generation under which the partition was assigned, plus the greatest in its manifests where that
   * is of a group that was made anew since (see resume).
   */
  generation: number;
  /** The next offset to read. */
  position = 0;
  /** Greatest arrival among the records read, ms; -1: none. */
  passed = -1;
  /** Whether the last record is part of a replay; null: unknown. */
  replaying: boolean | null = false;
  /** The last chunk as the manifest has it, until its records were read again. */
  bound: Manifest | null = null;
  durable: Durable | null = null;
  /** The spec of the chunk whose remainder comes next, under a sub-chunk: a new spec waits for the next aligned chunk. */
  inherited: { specId: string; until: number } | null = null;
  /** Losses that the last chunk declared beyond the offset at which reading begins, by reason. */
  declaredLosses: ReadonlyMap<string, number> = new Map();
  halted = false;
  /** Of the last record read. */
  epoch: RecordEpoch | null = null;

  constructor(place: Place, generation: number) {
    this.place = place;
    this.generation = generation;
  }

  /** Whether an earlier flush covered the offset: its raw row or dead letter was written before the manifest said so. */
  isDurable(offset: number): boolean {
    return this.bound !== null && offset < this.bound.reach;
  }

  /** Takes note of a flush. An idle partition may have been announced at a later time already: what was passed stays. */
  becomeDurable(reach: number, passed: number): void {
    this.durable = { reach, passed: Math.max(passed, this.durable?.passed ?? -1) };
  }

  /** What detectors may be told; null before the first chunk. */
  progress(idleSince?: number): ProgressMessage | null {
    if (this.durable === null && idleSince === undefined) return null;
    const { reach, passed } = this.durable ?? { reach: this.position, passed: -1 };
    if (idleSince !== undefined) this.durable = { reach, passed: Math.max(passed, idleSince) };
    return { kind: 'progress', ...this.place, reach, passed: this.durable?.passed ?? passed };
  }
}
