import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../faults/support/random.ts';
import { type Moment, SoakStream } from './stream.ts';

const TICK_MS = 50;
/** Of kcat's words that an error quotes. */
const TOLD_CHARS = 500;

/** Sends lines to partitions of the predictions topic through kcat, which waits out a broker that is away. */
export class KafkaProducer {
  readonly #bootstrap: string;
  readonly #children = new Map<number, ChildProcess>();
  #errors = '';

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap;
  }

  send(partition: number, lines: readonly string[]): void {
    if (lines.length > 0) this.#child(partition).stdin!.write(`${lines.join('\n')}\n`);
  }

  /** Resolves when all is in the log. */
  async end(): Promise<void> {
    await Promise.all(
      [...this.#children.values()].map(async (child) => {
        child.stdin!.end();
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        if (child.exitCode !== 0)
          throw new Error(`kcat ended with ${child.exitCode ?? child.signalCode}: ${this.#errors}`);
      }),
    );
  }

  /** SIGKILL. */
  abandon(): void {
    for (const child of this.#children.values()) child.kill('SIGKILL');
  }

  #child(partition: number): ChildProcess {
    const known = this.#children.get(partition);
    if (known !== undefined) return known;
    const quiet = ['-X', 'message.timeout.ms=0', '-X', 'linger.ms=20', '-X', 'topic.metadata.refresh.interval.ms=500'];
    const args = ['-P', '-E', ...quiet, '-b', this.#bootstrap, '-t', 'driftline.predictions', '-p', String(partition)];
    const child = spawn('kcat', args, { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stderr.on('data', (bytes: Buffer) => {
      this.#errors = (this.#errors + bytes.toString()).slice(-TOLD_CHARS);
    });
    child.stdin.on('error', () => {});
    this.#children.set(partition, child);
    return child;
  }
}

/** Posts batches to the api; what was answered 202 must never be lost. */
export class HttpProducer {
  readonly accepted: string[] = [];
  /** Answers by status; 0: none. */
  readonly answers = new Map<number, number>();
  readonly #url: () => Promise<string>;

  constructor(url: () => Promise<string>) {
    this.#url = url;
  }

  async send(events: readonly { id: string; line: string }[]): Promise<void> {
    const status = await this.#post(events).catch(() => 0);
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
  }

  async #post(events: readonly { id: string; line: string }[]): Promise<number> {
    const response = await fetch(`${await this.#url()}/v1/predictions`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: events.map(({ line }) => line).join('\n'),
      signal: AbortSignal.timeout(15_000),
    });
    const answer = (await response.json()) as { accepted?: number; rejected?: { index: number }[] };
    if (response.status !== 202) return response.status;
    const rejected = new Set((answer.rejected ?? []).map(({ index }) => index));
    for (const [index, { id }] of events.entries()) if (!rejected.has(index)) this.accepted.push(id);
    return 202;
  }
}

export interface TrafficOptions {
  seed: number;
  /** Events a second to the log; a tenth more goes through HTTP. */
  rate: number;
  partitions(): readonly number[];
  moment(): Moment;
  kafka: KafkaProducer;
  http: HttpProducer;
}

/** Keeps events coming until `stop`. */
export class Traffic {
  sent = 0;
  readonly #options: TrafficOptions;
  #stopped = false;
  #loops: Promise<void>[] = [];

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  start(): this {
    this.#loops = [this.#toKafka(), this.#toHttp()];
    return this;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #toKafka(): Promise<void> {
    const { seed, rate, partitions, moment, kafka } = this.#options;
    const stream = new SoakStream(seed, 'k');
    const random = new Random(seed + 1);
    for (let next = Date.now(); !this.#stopped; next += TICK_MS) {
      const lines = new Map<number, string[]>();
      for (let i = 0; i < (rate * TICK_MS) / 1_000; i += 1) {
        const partition = random.pick(partitions());
        lines.set(partition, [...(lines.get(partition) ?? []), stream.next(moment()).line]);
        this.sent += 1;
      }
      for (const [partition, own] of lines) kafka.send(partition, own);
      await sleep(Math.max(0, next + TICK_MS - Date.now()));
    }
  }

  async #toHttp(): Promise<void> {
    const { seed, rate, moment, http } = this.#options;
    const stream = new SoakStream(seed + 2, 'h');
    while (!this.#stopped) {
      const batch = Array.from({ length: Math.ceil(rate / 20) }, () => stream.next({ ...moment(), calm: true }));
      await http.send(batch);
      await sleep(500);
    }
  }
}
