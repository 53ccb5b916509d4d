import { LogUnavailableError } from '../../ports/log.ts';
import { within } from './within.ts';

const INTERVAL_MS = 5000;
const RETRY_MS = 300;
/** The client's own requests give up before; an answer that never comes must not hold up what was fetched for ever. */
const ANSWER_MS = 60_000;
/**
 * Between two looks that what was fetched waits for: bounds the questions a busy consumer asks. With 20 ms a consumer that does
 * little with its records read a third as many: both fetches that may wait for a partition waited for a look.
 */
const CONFIRM_INTERVAL_MS = 5;

interface Known {
  incarnation: string | null;
  /** When the last look that saw this incarnation began, by performance.now(). */
  seenAt: number;
  /** Why the topic cannot be seen, or null. */
  missing: string | null;
}

/**
 * Notices that a topic was deleted and created again under a running consumer, which kafkajs takes for the same topic.
 * Looks every five seconds, whenever told to, and after each fetch.
 */
export class IncarnationWatch {
  private readonly identify: (topic: string) => Promise<string>;
  private readonly onChange: (topic: string) => void;
  private readonly known: Map<string, Known>;
  private readonly confirming = new Map<string, Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private stopped = false;

  constructor(
    topics: readonly string[],
    identify: (topic: string) => Promise<string>,
    onChange: (topic: string) => void,
  ) {
    this.known = new Map(topics.map((topic) => [topic, { incarnation: null, seenAt: -1, missing: null }]));
    this.identify = identify;
    this.onChange = onChange;
    this.timer = setInterval(() => this.look(), INTERVAL_MS);
    this.timer.unref();
  }

  /** Names a subscribed topic that does not exist now, or null. */
  missing(): string | null {
    for (const { missing } of this.known.values()) if (missing !== null) return missing;
    return null;
  }

  look(): void {
    for (const topic of this.known.keys()) void this.lookAt(topic);
  }

  /** Resolves when every topic has been seen as it is now; waits for those that do not exist, or for brokers. */
  async verify(): Promise<void> {
    for (const topic of this.known.keys()) {
      while (!this.stopped && !(await this.lookAt(topic))) await pause(RETRY_MS);
    }
  }

  /**
   * Resolves once a look that began at or after `since` has seen the topic: what was fetched before is then of the
   * incarnation that `onChange` was last told of, or of none that counts any more.
   */
  async confirm(topic: string, since: number): Promise<void> {
    while (!this.stopped && (this.known.get(topic)?.seenAt ?? Infinity) < since) {
      let look = this.confirming.get(topic);
      if (look === undefined) {
        look = this.confirmSoon(topic).finally(() => this.confirming.delete(topic));
        this.confirming.set(topic, look);
      }
      await look;
    }
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  private async confirmSoon(topic: string): Promise<void> {
    const rest = (this.known.get(topic)?.seenAt ?? 0) + CONFIRM_INTERVAL_MS - performance.now();
    if (rest > 0) await pause(rest);
    if (!(await this.lookAt(topic))) await pause(RETRY_MS);
  }

  private async lookAt(topic: string): Promise<boolean> {
    const known = this.known.get(topic)!;
    const began = performance.now();
    try {
      const incarnation = await within(ANSWER_MS, `topic ${topic}`, this.identify(topic));
      if (this.stopped) return false;
      known.missing = null;
      // Looks overlap; an older answer must not take back a newer one.
      if (began < known.seenAt) return true;
      const before = known.incarnation;
      known.incarnation = incarnation;
      known.seenAt = began;
      if (before !== null && before !== incarnation) this.onChange(topic);
      return true;
    } catch (error) {
      // Without a broker nothing is known; the next look will tell.
      if (!(error instanceof LogUnavailableError))
        known.missing = error instanceof Error ? error.message : String(error);
      return false;
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
