import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { eventually } from '../../support/eventually.ts';
import { reap } from './reaper.ts';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** One line of a metric: `driftline_events_total{topic="x"} 3`. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

export interface MemberOptions {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Everything it prints is appended here. */
  logFile: string;
}

/** Generous, for a machine that does much else. */
const READY_MS = 180_000;

/** One real `driftline …` process, which can be killed, stopped, continued and started again. */
export class Member {
  readonly name: string;
  #options: MemberOptions;
  #child: ChildProcess | null = null;
  #ready: Promise<string> = Promise.reject(new Error('never started'));
  #exit: Exit | null = null;
  /** How often it was started. */
  starts = 0;

  constructor(options: MemberOptions) {
    this.name = options.name;
    this.#options = options;
    this.#ready.catch(() => {});
  }

  /** Starts the process and returns at once; `ready` resolves when it says so. */
  spawn(): void {
    if (this.running) throw new Error(`${this.name} runs already`);
    const { command, args, env, logFile } = this.#options;
    const child = spawn(process.execPath, [command, ...args], {
      env: { ...process.env, UV_THREADPOOL_SIZE: '24', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exit = null;
    this.starts += 1;
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.#exit = { code, signal };
    });
    child.stderr.on('data', (bytes: Buffer) => appendFileSync(logFile, bytes));
    this.#ready = this.#untilReady(child);
    this.#ready.catch(() => {});
    reap(child);
  }

  /** Spawns and waits for the ready line. */
  async start(): Promise<this> {
    this.spawn();
    await this.ready();
    return this;
  }

  /** Its ready line; rejects with its output if it ends before. */
  ready(): Promise<string> {
    return this.#ready;
  }

  /** Other arguments from the next start on. */
  rearm(args: readonly string[]): void {
    this.#options = { ...this.#options, args };
  }

  /** Waits until it ends by itself; its exit code. */
  async ended(): Promise<number | null> {
    if (this.running) await once(this.#child!, 'exit');
    return this.#child?.exitCode ?? null;
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  /** How the last process ended; null while it runs. */
  get exit(): Exit | null {
    return this.#exit;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child!.kill(signal);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM; resolves with the exit code, null where it had to be killed after `timeoutMs`. */
  async stop(timeoutMs = 40_000): Promise<number | null> {
    const timer = setTimeout(() => this.signal('SIGKILL'), timeoutMs);
    await this.#end('SIGTERM');
    clearTimeout(timer);
    return this.#child?.exitCode ?? null;
  }

  /** SIGKILL and a new process at once, on the same configuration; does not wait for it to be ready. */
  async restart(): Promise<void> {
    await this.kill();
    this.spawn();
  }

  /** Everything it has printed on stderr, restarts included. */
  output(): string {
    try {
      return readFileSync(this.#options.logFile, 'utf8');
    } catch {
      return '';
    }
  }

  /** `http://127.0.0.1:PORT` */
  async http(): Promise<string> {
    return /http=(\S+)/.exec(await this.#ready)?.[1] ?? '';
  }

  /** Everything on /metrics. */
  async metrics(): Promise<Sample[]> {
    const response = await fetch(`${await this.http()}/metrics`, { signal: AbortSignal.timeout(10_000) });
    return parseMetrics(await response.text());
  }

  /** The sum of all samples of a metric whose labels hold `labels`; 0 where there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const wanted = Object.entries(labels);
    const samples = (await this.metrics()).filter(
      (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
    );
    return samples.reduce((sum, { value }) => sum + value, 0);
  }

  /** Status (200 or 503) and body of /readyz. */
  async readyz(): Promise<{ status: number; body: string }> {
    const response = await fetch(`${await this.http()}/readyz`, { signal: AbortSignal.timeout(10_000) });
    return { status: response.status, body: await response.text() };
  }

  /** Waits until /readyz is 200: it has joined its group and nothing holds it up. */
  async untilServing(timeoutMs = READY_MS): Promise<void> {
    let last = '';
    await eventually(
      `${this.name} serving`,
      async () => {
        const answer = await this.readyz().catch((error: unknown) => ({ status: 0, body: String(error) }));
        last = answer.body;
        return answer.status === 200;
      },
      timeoutMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it says ${last}\n${this.output().slice(-2000)}`);
    });
  }

  /** Resident memory in bytes, from /proc: now, and the greatest this process has had. */
  rss(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const kilobytes = (field: string) =>
      Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
    return { now: kilobytes('VmRSS') * 1024, peak: kilobytes('VmHWM') * 1024 };
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || !this.running) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  #untilReady(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      let printed = '';
      const timer = setTimeout(() => reject(new Error(`${this.name} was not ready after ${READY_MS} ms`)), READY_MS);
      timer.unref();
      child.stdout!.on('data', (bytes: Buffer) => {
        printed += bytes.toString();
        const line = printed.split('\n').find((text) => text.startsWith('ready '));
        if (line !== undefined) resolve(line);
      });
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`${this.name} ended (${code ?? signal}) before it was ready:\n${this.output().slice(-3000)}`));
      });
    });
  }
}

function parseMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const match = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) continue;
    const labels: Record<string, string> = {};
    for (const [, label, value] of (match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[label!] = value!;
    samples.push({ name: match[1]!, labels, value: Number(match[3]) });
  }
  return samples;
}
