import { within } from './within.ts';

/** What is used of a kafkajs consumer. */
interface Runnable {
  run(): Promise<void>;
  stop(): Promise<void>;
}

export interface RunEvents {
  /** False once nobody wants the consumer any more. */
  wanted(): boolean;
  fail(error: unknown): void;
}

/** kafkajs's requests give up after 30 s; it has some to make before it stands still. */
const STOP_TIMEOUT_MS = 120_000;

/**
 * Begins a kafkajs consumer's runs, one after the other. kafkajs's own restart after a crash does not see a stop that
 * overlaps it: then two runs of one consumer go on as two members of the group, and the partitions of the one that nobody
 * listens to are read by nobody. So restarts are never left to kafkajs.
 */
export class Runs {
  private readonly kafka: Runnable;
  private readonly events: RunEvents;
  private last: Promise<void> = Promise.resolve();
  private waiting = false;

  constructor(kafka: Runnable, events: RunEvents) {
    this.kafka = kafka;
    this.events = events;
  }

  /** Ends the run there is, if any, and begins another after `delayMs`. Calls before it has begun to are one. */
  again(delayMs: number): void {
    if (this.waiting) return;
    this.waiting = true;
    this.last = this.last.then(() => this.next(delayMs)).catch((error) => this.events.fail(error));
  }

  /** Resolves when no run is being begun or ended: stopping before would leave a member behind that nobody knows. */
  settled(): Promise<void> {
    return this.last;
  }

  private async next(delayMs: number): Promise<void> {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    this.waiting = false;
    await within(STOP_TIMEOUT_MS, 'stopping the Kafka consumer, to join again', this.kafka.stop());
    if (this.events.wanted()) await this.kafka.run();
  }
}
