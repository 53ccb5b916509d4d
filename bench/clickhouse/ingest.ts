import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Took } from '../pipeline/stopwatch.ts';
import { EngineProcess } from './engine-process.ts';
import { type Files, type Size, writeFiles } from './files.ts';
import { type Way, waysOf } from './ways.ts';

/** Of JSON in files, put into one table of an engine process of its own, again and again. */
export class Ingest {
  readonly #way: Way;
  readonly #opened: Promise<{ dir: string; engine: EngineProcess; files: Files }>;

  /** `name`: one of those in ways.ts. */
  constructor(name: string, size: Size) {
    const way = waysOf(size.features).find((one) => one.name === name && one.format === 'json');
    if (way === undefined) throw new Error(`ClickHouse has no way called ${name}`);
    this.#way = way;
    this.#opened = this.#open(size);
  }

  async #open(size: Size) {
    const dir = await mkdtemp(join(tmpdir(), 'driftline-bench-'));
    const files = await writeFiles(dir, size, false);
    const engine = new EngineProcess(join(dir, 'engine'));
    await engine.run(...this.#way.create);
    return { dir, engine, files };
  }

  /** All events, into an empty table; throws where it does not hold them then. */
  async run(): Promise<Took> {
    const { engine, files } = await this.#opened;
    const { table, insert, check } = this.#way;
    await engine.run(`TRUNCATE TABLE ${table}`);
    const { ms, cpu } = await engine.run(...files.json.map(insert));
    const { rows } = await engine.run(check);
    const [{ events }] = rows as [{ events: number }];
    if (events !== files.events) throw new Error(`${table} holds ${events} of ${files.events} events`);
    return { rate: (events / ms) * 1000, cpu: cpu / events };
  }

  async close(): Promise<void> {
    const { dir, engine } = await this.#opened;
    await engine.close();
    await rm(dir, { recursive: true });
  }
}
