import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventShape, EventStream } from './events.ts';
import { kcat } from './kcat.ts';
import { Random } from './random.ts';
import { reap } from './reaper.ts';

export const PREDICTIONS = 'driftline.predictions';

export interface SendOptions {
  topic?: string;
  partition?: number;
  headers?: Readonly<Record<string, string>>;
  key?: string;
  /** More kcat arguments, such as `-z gzip`. */
  args?: readonly string[];
}

/** Events by the second, over the partitions by turns, until `stop`. */
export interface Background {
  /** Ends it; resolves when all that was sent is in the log. */
  stop(): Promise<void>;
  readonly sent: number;
}

const TICK_MS = 50;

/** Produces to the log of a world through kcat. */
export class Feeder {
  readonly #bootstrap: () => string;
  readonly #stream: EventStream;
  readonly #random: Random;
  #running = new Set<Background>();

  constructor(bootstrap: () => string, seed: number, shape: EventShape) {
    this.#bootstrap = bootstrap;
    this.#stream = new EventStream(seed, shape);
    this.#random = new Random(seed + 1);
  }

  /** `count` events to the partitions by turns (in runs of random length); resolves when they are in the log. */
  async feed(count: number, partitions: readonly number[]): Promise<void> {
    const lines = new Map(partitions.map((partition) => [partition, [] as string[]]));
    for (let left = count; left > 0; ) {
      const run = Math.min(left, this.#random.between(1, 50));
      const chosen = lines.get(this.#random.pick(partitions))!;
      for (let i = 0; i < run; i += 1) chosen.push(this.#stream.next());
      left -= run;
    }
    await Promise.all([...lines].map(([partition, values]) => this.sendLines(values, { partition })));
  }

  /** Values without line breaks. Resolves when they are in the log. */
  async sendLines(values: readonly string[], options: SendOptions = {}): Promise<void> {
    if (values.length > 0) await kcat(this.#bootstrap(), ['-P', ...produceArgs(options)], `${values.join('\n')}\n`);
  }

  /** Values of any bytes, in order; null: a record without a value. */
  async send(values: readonly (string | Buffer | null)[], options: SendOptions = {}): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), 'driftline-feed-'));
    try {
      for (let at = 0; at < values.length; ) {
        const end = endOfRun(values, at);
        const run = values.slice(at, end);
        if (run[0] === null) await this.#sendNulls(run.length, options);
        else await this.#sendFiles(dir, run as (string | Buffer)[], options);
        at = end;
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  /** Begins to send `rate` events a second. kcat stays connected, so a broker that goes away is sent to when it is back. */
  run(rate: number, partitions: readonly number[]): Background {
    const children = new Map(partitions.map((partition) => [partition, this.#pipe(partition)]));
    const state = { stopped: false, sent: 0 };
    const loop = async () => {
      const begun = Date.now();
      while (!state.stopped) {
        const due = Math.floor(((Date.now() - begun) / 1000) * rate) - state.sent;
        const chosen = children.get(this.#random.pick(partitions))!;
        for (let i = 0; i < due; i += 1) chosen.stdin!.write(`${this.#stream.next()}\n`);
        state.sent += Math.max(0, due);
        await sleep(TICK_MS);
      }
    };
    const done = loop();
    const background: Background = {
      get sent() {
        return state.sent;
      },
      stop: async () => {
        if (state.stopped) return;
        state.stopped = true;
        await done;
        this.#running.delete(background);
        await Promise.all([...children.values()].map(finish));
      },
    };
    this.#running.add(background);
    return background;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((background) => background.stop().catch(() => {})));
  }

  #pipe(partition: number): ChildProcess {
    const args = ['-P', '-E', '-X', 'message.timeout.ms=0', '-X', 'linger.ms=20', ...produceArgs({ partition })];
    const child = spawn('kcat', ['-b', this.#bootstrap(), ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.on('error', () => {});
    reap(child);
    return child;
  }

  async #sendFiles(dir: string, values: readonly (string | Buffer)[], options: SendOptions): Promise<void> {
    const files = values.map((_, index) => join(dir, `value-${index}`));
    for (const [index, file] of files.entries()) await writeFile(file, values[index]!);
    await kcat(this.#bootstrap(), ['-P', ...produceArgs(options), ...files]);
  }

  async #sendNulls(count: number, options: SendOptions): Promise<void> {
    // With a key delimiter and -Z a line without a value is a record without one.
    await kcat(this.#bootstrap(), ['-P', '-Z', '-K', ':', ...produceArgs(options)], 'null:\n'.repeat(count));
  }
}

function endOfRun(values: readonly (string | Buffer | null)[], start: number): number {
  let end = start + 1;
  while (end < values.length && (values[end] === null) === (values[start] === null)) end += 1;
  return end;
}

async function finish(child: ChildProcess): Promise<void> {
  child.stdin!.end();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`kcat ended with ${child.exitCode ?? child.signalCode}`);
}

function produceArgs({ topic, partition, headers, key, args }: SendOptions): string[] {
  return [
    '-t',
    topic ?? PREDICTIONS,
    ...(partition === undefined ? [] : ['-p', String(partition)]),
    ...Object.entries(headers ?? {}).flatMap(([name, value]) => ['-H', `${name}=${value}`]),
    ...(key === undefined ? [] : ['-k', key]),
    ...(args ?? []),
  ];
}
