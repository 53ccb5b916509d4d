import type { PartitionOffsets } from '../../ports/log.ts';

/** Between looks, and looks without progress before a partition that has records is unhealthy … */
const LOOK_MS = 5000;
const STALLED_LOOKS = 4;
/** … and before the consumer gives up, so that whoever runs it starts another. */
const HOPELESS_LOOKS = 24;

/** What is watched of a partition. */
export interface Watched {
  readonly assignment: { topic: string; partition: number };
  /** The offset up to which it was fetched, or from which it would be; null where reading is not its matter now. */
  readonly position: number | null;
  /** Changes with everything that is fetched and handled. */
  readonly movedAt: number;
}

/**
 * Progress-based liveness: a consumer that beats but fetches nothing, though the broker has records for it, is not alive.
 * What is halted, being handled or not begun has no `position`. Counted in looks that the broker answered, not by the
 * clock: neither an outage nor a process that was stopped is a stall.
 */
export class StallWatch {
  private readonly watched: () => Iterable<Watched>;
  private readonly offsets: (topic: string) => Promise<PartitionOffsets[]>;
  private readonly giveUp: (error: Error) => void;
  private readonly timer: NodeJS.Timeout;
  private readonly known = new WeakMap<Watched, { movedAt: number; looks: number }>();
  private stalled: string | null = null;
  private looking = false;

  constructor(
    watched: () => Iterable<Watched>,
    offsets: (topic: string) => Promise<PartitionOffsets[]>,
    giveUp: (error: Error) => void,
  ) {
    this.watched = watched;
    this.offsets = offsets;
    this.giveUp = giveUp;
    this.timer = setInterval(() => void this.look(), LOOK_MS);
    this.timer.unref();
  }

  /** Names a partition that is not read though it could be, or null. */
  unhealthy(): string | null {
    return this.stalled;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    // Without a broker there is nothing to read: said elsewhere.
    await this.judge().catch(() => {});
    this.looking = false;
  }

  private async judge(): Promise<void> {
    const still = [...this.watched()].filter((one) => !this.hasMoved(one));
    const ends = new Map<string, PartitionOffsets[]>();
    for (const topic of new Set(still.map(({ assignment }) => assignment.topic))) {
      ends.set(topic, await this.offsets(topic));
    }
    let stalled: string | null = null;
    for (const one of still) {
      const { topic, partition } = one.assignment;
      const end = ends.get(topic)?.find((offsets) => offsets.partition === partition)?.end ?? 0;
      const looks = this.count(one, end);
      if (looks < STALLED_LOOKS) continue;
      const seconds = (looks * LOOK_MS) / 1000;
      stalled = `${topic}/${partition}: nothing was fetched for ${seconds} s, but the log has records up to ${end}`;
      if (looks >= HOPELESS_LOOKS) this.giveUp(new Error(stalled));
    }
    this.stalled = stalled;
  }

  private hasMoved(one: Watched): boolean {
    const known = this.known.get(one);
    if (known !== undefined && known.movedAt === one.movedAt && one.position !== null) return false;
    this.known.set(one, { movedAt: one.movedAt, looks: 0 });
    return true;
  }

  /** Looks in a row at which there was something to read. It may have moved while we asked. */
  private count(one: Watched, end: number): number {
    if (this.hasMoved(one)) return 0;
    const known = this.known.get(one)!;
    known.looks = end > one.position! ? known.looks + 1 : 0;
    return known.looks;
  }
}
