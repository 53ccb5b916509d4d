import type { ChunkIdentity } from '../../lib/core/chunks/types.ts';
import type { ProgressMessage } from '../../lib/core/messages/types.ts';
import type { Manifest, RecordEpoch } from '../../lib/tables/manifests.ts';

/** One partition of one incarnation of a topic. */
export type Place = Omit<ChunkIdentity, 'chunkStart'>;

/** How far the partition's rows are durable: what may be announced and, at a chunk's start, committed. */
interface Durable {
  reach: number;
  /** Greatest arrival covered, ms; -1: none. */
  passed: number;
  /** Whether the last record covered is part of a replay, or the next to be covered will be; null: unknown. */
  replaying: boolean | null;
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
  /** When the broker last confirmed that the partition is idle, ms; -1: not in this process, or a replay came after it. */
  #idleSince = -1;
  /** The spec of the chunk whose remainder comes next, under a sub-chunk: a new spec waits for the next aligned chunk. */
  inherited: { specId: string; until: number } | null = null;
  /** Losses that the last chunk declared beyond the offset at which reading begins, by reason. */
  declaredLosses: ReadonlyMap<string, number> = new Map();
  halted = false;
  /** Somebody else may have it, be it in this process: what is still under way commits nothing. */
  givenUp = false;
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

  /** Takes note of a flush. */
  becomeDurable(durable: Durable): void {
    this.durable = durable;
    if (durable.replaying === true) this.#idleSince = -1;
  }

  /**
   * What detectors must hear before the first rows of a replay are written, or they would take its windows for complete
   * where the partition was idle; null where they have heard it. `from`: the open chunk's start.
   */
  replayBegins(from: number): ProgressMessage | null {
    if (this.replaying !== true || this.durable?.replaying === true) return null;
    const { reach, passed } = this.durable ?? { reach: from, passed: -1 };
    this.becomeDurable({ reach, passed, replaying: true });
    return this.progress();
  }

  /** What detectors may be told; null before the first chunk. `idleSince`: the broker has just confirmed it, ms. */
  progress(idleSince?: number): ProgressMessage | null {
    if (idleSince !== undefined) {
      this.durable ??= { reach: this.position, passed: -1, replaying: false };
      this.#idleSince = Math.max(this.#idleSince, idleSince);
    }
    if (this.durable === null) return null;
    const { reach, passed: arrived, replaying } = this.durable;
    const passed = Math.max(arrived, this.#idleSince);
    return { kind: 'progress', ...this.place, reach, passed, arrived, replaying: replaying === true };
  }
}
