const INTERVAL_MS = 5000;
const RETRY_MS = 300;

/**
 * Notices that a topic was deleted and created again under a running consumer, which kafkajs takes for the same topic.
 * Looks every five seconds, and whenever told to.
 */
export class IncarnationWatch {
  private readonly topics: readonly string[];
  private readonly identify: (topic: string) => Promise<string>;
  private readonly onChange: (topic: string) => void;
  private readonly known = new Map<string, string>();
  private readonly timer: NodeJS.Timeout;
  private stopped = false;

  constructor(
    topics: readonly string[],
    identify: (topic: string) => Promise<string>,
    onChange: (topic: string) => void,
  ) {
    this.topics = topics;
    this.identify = identify;
    this.onChange = onChange;
    this.timer = setInterval(() => this.look(), INTERVAL_MS);
    this.timer.unref();
  }

  look(): void {
    for (const topic of this.topics) void this.lookAt(topic);
  }

  /** Resolves when every topic has been seen as it is now; waits for those that do not exist, or for brokers. */
  async verify(): Promise<void> {
    for (const topic of this.topics) {
      while (!this.stopped && !(await this.lookAt(topic))) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  private async lookAt(topic: string): Promise<boolean> {
    // No broker, or no such topic now: the next look will tell.
    const incarnation = await this.identify(topic).catch(() => null);
    if (incarnation === null || this.stopped) return false;
    const before = this.known.get(topic);
    this.known.set(topic, incarnation);
    if (before !== undefined && before !== incarnation) this.onChange(topic);
    return true;
  }
}
