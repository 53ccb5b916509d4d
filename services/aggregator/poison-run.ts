/** Records in a row of which too large a share of dead letters halts a partition. */
export const RUN = 1_000;

/** How many records a decision needs within chunks of this size: it must come before such a chunk ends. */
export function runLength(chunkSize: number): number {
  return Math.min(RUN, chunkSize / 2);
}

/**
 * The latest records of a partition, by whether each could be read. Fed with the same records it says the same, so a
 * partition that halts does so again at the same offset when it is read again.
 */
export class PoisonRun {
  readonly length: number;
  readonly #letters: Uint8Array;
  #seen = 0;
  #count = 0;

  constructor(length: number) {
    this.length = length;
    this.#letters = new Uint8Array(length);
  }

  add(isLetter: boolean): void {
    const at = this.#seen % this.length;
    this.#count += Number(isLetter) - this.#letters[at]!;
    this.#letters[at] = Number(isLetter);
    this.#seen += 1;
  }

  /** Share of dead letters among the last `length` records; 0 before there were as many. */
  get share(): number {
    return this.#seen < this.length ? 0 : this.#count / this.length;
  }
}

/** Why a partition halts at `offset`, and the way out. */
export function poisonReason(topic: string, partition: number, offset: number, run: PoisonRun): string {
  const share = Math.round(run.share * 100);
  return (
    `${topic}/${partition}: ${share} % of the ${run.length} records before offset ${offset} could not be read, more than ` +
    'aggregation.dead_letter_limit allows: nothing from there on goes to driftline.dead-letters. Mend the producer or the ' +
    'schema; then set the limit to 1 and restart to let the bad records pass, and set it back once they are behind'
  );
}
