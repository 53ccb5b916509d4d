/** What reading the whole topic took. */
export interface Took {
  /** Events per second of wall clock, from the first batch to the end. */
  rate: number;
  /** Microseconds of CPU an event, all threads of the process. Other processes disturb it less than the rate. */
  cpu: number;
}

/** Runs from the first batch that is counted until `end`; `read` resolves once all events were counted. */
export class Stopwatch {
  readonly read: Promise<void>;
  readonly #total: number;
  #seen = 0;
  #started = 0;
  #cpu: NodeJS.CpuUsage = { user: 0, system: 0 };
  #done: () => void = () => {};

  constructor(total: number) {
    this.#total = total;
    this.read = new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  begin(): void {
    if (this.#started !== 0) return;
    this.#started = performance.now();
    this.#cpu = process.cpuUsage();
  }

  count(events: number): void {
    this.#seen += events;
    if (this.#seen >= this.#total) this.#done();
  }

  end(): Took {
    const seconds = (performance.now() - this.#started) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    return { rate: this.#seen / seconds, cpu: (user + system) / this.#seen };
  }
}
