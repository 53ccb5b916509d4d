import { appendFileSync } from 'node:fs';

/** What happened when, one line each, in a file beside the logs of the processes. */
export class Timeline {
  readonly file: string;
  readonly #start = Date.now();
  readonly #echo: boolean;

  constructor(file: string, echo: boolean) {
    this.file = file;
    this.#echo = echo;
  }

  /** Since the start, ms. */
  get elapsed(): number {
    return Date.now() - this.#start;
  }

  note(what: string): void {
    const line = `${new Date().toISOString()} +${(this.elapsed / 1_000).toFixed(1)}s ${what}`;
    appendFileSync(this.file, `${line}\n`);
    if (this.#echo) console.log(line);
  }
}
