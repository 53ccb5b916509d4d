import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf, PROBES, type Probe, WINDOW } from './reader-queries.ts';

type Row = Record<string, unknown>;

export interface ReaderOptions {
  /** Asks the store itself, not through a proxy; rejects where it does not answer. */
  sql(query: string): Promise<Row[]>;
  /** Connections that poll at once; default 2. */
  connections?: number;
  /** Between two questions of a connection, ms; default 20. */
  pauseMs?: number;
  probes?: readonly Probe[];
}

export interface Leak {
  at: number;
  probe: string;
  what: string;
}

const MAX_LEAKS = 100;
const MAX_SHOWN = 5;
/** Less is no polling at all. */
const RETRY_MS = 200;

/**
 * Polls the views for as long as it runs and notes everything that counts an event twice: a key in two rows, a row that was
 * there and is gone, a revision that falls, and, when all has settled, a value that was once above the final one.
 */
export class ViewReader {
  readonly leaks: Leak[] = [];
  /** Answered questions by probe. */
  readonly polls = new Map<string, number>();
  /** Questions without an answer: the store was away. */
  unanswered = 0;
  lastError = '';
  readonly #options: ReaderOptions;
  readonly #probes: readonly Probe[];
  readonly #greatest = new Map<string, { value: number; at: number; probe: string }>();
  /** Windows shown so far with their revision; -1 while provisional. */
  readonly #windows = new Map<string, number>();
  #running: Promise<void>[] = [];
  #stopped = false;
  #next = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#probes = options.probes ?? PROBES;
  }

  start(): this {
    this.#running = Array.from({ length: this.#options.connections ?? 2 }, () => this.#poll());
    return this;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  get answered(): number {
    return [...this.polls.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Asks everything once more, now that nothing changes: no value may ever have been above these. */
  async settle(): Promise<void> {
    for (const probe of this.#probes) {
      if (probe.values === undefined) continue;
      const final = new Map(probe.values(await this.#options.sql(probe.sql)));
      for (const [key, { value, at, probe: name }] of this.#greatest) {
        const now = final.get(key.slice(name.length + 2));
        if (name !== probe.name || value <= (now ?? 0)) continue;
        this.#note(at, name, `${key} was ${value}, in the end it is ${now ?? 'absent'}`);
      }
    }
  }

  /** Throws with the first leaks, and where the views were not polled. */
  assertNone(): void {
    const silent = this.#probes.filter((probe) => (this.polls.get(probe.name) ?? 0) === 0).map(({ name }) => name);
    if (silent.length > 0) throw new Error(`never answered: ${silent.join('; ')} (${this.lastError})`);
    if (this.leaks.length === 0) return;
    const shown = this.leaks
      .slice(0, MAX_SHOWN)
      .map(({ at, probe, what }) => `${new Date(at).toISOString()} ${probe}: ${what}`);
    throw new Error(`${this.leaks.length} leaks in ${this.answered} polls\n  ${shown.join('\n  ')}`);
  }

  async #poll(): Promise<void> {
    while (!this.#stopped) {
      const probe = this.#probes[this.#next++ % this.#probes.length]!;
      // Taken before the question: what other connections see while it runs need not be in its answer.
      const before = probe.lasting === true ? new Map(this.#windows) : null;
      const at = Date.now();
      try {
        this.#judge(probe, await this.#options.sql(probe.sql), at, before);
        await sleep(this.#options.pauseMs ?? 20);
      } catch (error) {
        this.unanswered += 1;
        this.lastError = `${probe.name}: ${error instanceof Error ? error.message : String(error)}`;
        await sleep(RETRY_MS);
      }
    }
  }

  #judge(probe: Probe, rows: readonly Row[], at: number, before: ReadonlyMap<string, number> | null): void {
    this.polls.set(probe.name, (this.polls.get(probe.name) ?? 0) + 1);
    for (const what of probe.wrong(rows)) this.#note(at, probe.name, what);
    for (const [key, value] of probe.values?.(rows) ?? []) {
      const known = this.#greatest.get(`${probe.name}: ${key}`)?.value ?? -1;
      if (value > known && value < Number.POSITIVE_INFINITY)
        this.#greatest.set(`${probe.name}: ${key}`, { value, at, probe: probe.name });
    }
    if (before !== null) this.#compareWindows(probe, rows, at, before);
  }

  #compareWindows(probe: Probe, rows: readonly Row[], at: number, before: ReadonlyMap<string, number>): void {
    const now = new Map(
      rows.map((row) => [keyOf(row, WINDOW), row.state === 'provisional' ? -1 : Number(row.revision)]),
    );
    for (const [key, revision] of before) {
      const shown = now.get(key);
      if (shown === undefined) this.#note(at, probe.name, `${key} was there and is gone`);
      else if (shown < revision) this.#note(at, probe.name, `${key} went from revision ${revision} back to ${shown}`);
    }
    for (const [key, revision] of now) this.#windows.set(key, Math.max(revision, this.#windows.get(key) ?? -1));
  }

  #note(at: number, probe: string, what: string): void {
    if (this.leaks.length < MAX_LEAKS) this.leaks.push({ at, probe, what });
  }
}
