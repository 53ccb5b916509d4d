import type { Element } from './language.ts';
import { WINDOW_S } from './language.ts';

/** What the rules need to know of a world; times in seconds. */
export interface Rules {
  partitions: number;
  allowedDelay: number;
  horizon: number;
  idleAfter: number;
  chunkSize: number;
}

export interface OracleWindow {
  window: number;
  state: 'provisional' | 'complete' | 'revised';
  events: number;
  revision: number;
}

interface PartitionModel {
  /** Records in the log. */
  length: number;
  held: boolean;
  /** Sent while it was held. */
  waiting: Send[];
  /** Greatest arrival read. */
  arrived: number;
  /** When the running aggregator last found it idle; a replay's record takes that back. */
  idle: number;
  lastRead: number;
  replaying: boolean;
}

/** What the detector has heard of a partition. */
interface Heard {
  arrived: number;
  /** By arrivals, or later by idleness. */
  passed: number;
  replaying: boolean;
}

type Send = Extract<Element, { step: 'send' }>;

const UNKNOWN = Number.NEGATIVE_INFINITY;

/**
 * The rules of completeness in a page, without sketches, chunks, ledgers, topics or processes: what each window must have
 * become after a script. It shares nothing with what it judges but the language.
 */
export class Oracle {
  readonly #rules: Rules;
  readonly #partitions: PartitionModel[] = [];
  readonly #windows = new Map<number, { events: number; sealed: number; revision: number }>();
  #clock = 0;
  #heard: Heard[];
  lost = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
    this.#heard = Array.from({ length: rules.partitions }, nothingHeard);
    for (let i = 0; i < rules.partitions; i++) this.#partitions.push(freshPartition());
  }

  /** Time every partition has passed; null: unknown. While any is replaying, idleness passes nothing on any. */
  get overall(): number | null {
    const isReplay = this.#heard.some(({ replaying }) => replaying);
    const least = Math.min(...this.#heard.map(({ arrived, passed }) => (isReplay ? arrived : passed)));
    return least === UNKNOWN ? null : least;
  }

  get windows(): OracleWindow[] {
    return [...this.#windows]
      .map(([window, { events, sealed, revision }]): OracleWindow => {
        const state = sealed < 0 ? 'provisional' : revision === 0 ? 'complete' : 'revised';
        return { window, state, events, revision };
      })
      .sort((a, b) => a.window - b.window);
  }

  play(element: Element): void {
    switch (element.step) {
      case 'send':
        this.#send(element);
        break;
      case 'clock':
        this.#clock = element.to;
        break;
      case 'hold':
        this.#partitions[element.partition]!.held = true;
        break;
      case 'let-go':
        this.#letGo(this.#partitions[element.partition]!);
        break;
      case 'restart':
        if (element.service === 'aggregator') this.#restartAggregator();
        if (element.service === 'detector') this.#heard = this.#heard.map(nothingHeard);
        break;
      default:
        throw new RangeError(`the oracle knows no ${element.step}`);
    }
    this.#confirmIdle();
    this.#hear();
    this.#seal();
  }

  #send(send: Send): void {
    const partition = this.#partitions[send.partition]!;
    partition.length += send.at.length;
    if (partition.held) partition.waiting.push(send);
    else this.#read(partition, send);
  }

  #read(partition: PartitionModel, { at, arrival, replay = false }: Send): void {
    for (const time of at) {
      const arrived = arrival ?? time;
      const window = Math.floor(time / WINDOW_S);
      if (arrived - (window + 1) * WINDOW_S > this.#rules.horizon) this.lost += 1;
      else {
        const counted = this.#windows.get(window) ?? { events: 0, sealed: -1, revision: 0 };
        this.#windows.set(window, { ...counted, events: counted.events + 1 });
      }
      partition.arrived = Math.max(partition.arrived, arrived);
    }
    if (replay) partition.idle = UNKNOWN;
    partition.replaying = replay;
    partition.lastRead = this.#clock;
  }

  #letGo(partition: PartitionModel): void {
    partition.held = false;
    for (const send of partition.waiting.splice(0)) this.#read(partition, send);
  }

  /** What was only confirmed is to be confirmed anew. */
  #restartAggregator(): void {
    for (const partition of this.#partitions) {
      partition.idle = UNKNOWN;
      partition.lastRead = this.#clock;
    }
  }

  #confirmIdle(): void {
    for (const partition of this.#partitions) {
      const quiet = this.#clock - partition.lastRead >= this.#rules.idleAfter;
      if (!quiet || partition.replaying || partition.waiting.length > 0) continue;
      partition.idle = this.#clock;
    }
  }

  #hear(): void {
    this.#heard = this.#heard.map((heard, i) => {
      const { arrived, idle, replaying } = this.#partitions[i]!;
      return { arrived, passed: replaying ? arrived : Math.max(heard.passed, arrived, idle), replaying };
    });
  }

  #seal(): void {
    const passed = this.overall ?? UNKNOWN;
    for (const [window, counted] of this.#windows) {
      if (passed < (window + 1) * WINDOW_S + this.#rules.allowedDelay || counted.sealed === counted.events) continue;
      const revision = counted.sealed < 0 ? 0 : counted.revision + 1;
      this.#windows.set(window, { ...counted, sealed: counted.events, revision });
    }
  }

  /** Records the partition's open chunk still takes before a flush cuts it. */
  roomIn(partition: number): number {
    const { chunkSize } = this.#rules;
    return chunkSize - (this.#partitions[partition]!.length % chunkSize);
  }

  isHeld(partition: number): boolean {
    return this.#partitions[partition]!.held;
  }

  isWaiting(partition: number): boolean {
    return this.#partitions[partition]!.waiting.length > 0;
  }

  get clock(): number {
    return this.#clock;
  }
}

function nothingHeard(): Heard {
  return { arrived: UNKNOWN, passed: UNKNOWN, replaying: false };
}

function freshPartition(): PartitionModel {
  return {
    length: 0,
    held: false,
    waiting: [],
    arrived: UNKNOWN,
    idle: UNKNOWN,
    lastRead: 0,
    replaying: false,
  };
}
