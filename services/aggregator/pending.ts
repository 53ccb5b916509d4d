import type { PredictionBlock } from '../../lib/core/events/block.ts';
import type { EncodedRows } from '../../lib/core/sql/native-rows.ts';
import type { DeadLetter } from '../../lib/ports/codec.ts';
import { LabelRows, PredictionRows } from '../../lib/tables/raw.ts';
import type { Place } from './partition-state.ts';

/** As many as fit: the store takes half as long for a row of many as for a row of a few thousand. */
const MAX_ROWS = 20_000;
/** Of text and letters, with what the rows themselves take: what a partition holds while the store is slow. */
const MAX_BYTES = 8 * 1024 * 1024;
const ROW_BYTES = 200;
const LETTER_BYTES = 600;

/** What is to be written beside a chunk's own rows. */
export interface Taken {
  predictions: EncodedRows;
  labels: EncodedRows;
  letters: DeadLetter[];
}

/** What waits to be written of a partition beside the chunk's own rows. */
export class Pending {
  readonly #predictions: PredictionRows;
  readonly #labels: LabelRows;
  #letters: DeadLetter[] = [];
  #bytes = 0;
  readonly #keepPredictions: boolean;

  constructor(place: Place, keepPredictions: boolean) {
    this.#predictions = new PredictionRows(place);
    this.#labels = new LabelRows(place);
    this.#keepPredictions = keepPredictions;
  }

  /** Whether it is time to write for memory's sake. */
  get full(): boolean {
    const rows = this.#predictions.length + this.#labels.length + this.#letters.length;
    return rows >= MAX_ROWS || this.#bytes >= MAX_BYTES;
  }

  /** The event in `row` of the block. */
  addEvent(block: PredictionBlock, row: number): void {
    if (this.#keepPredictions) {
      this.#bytes += ROW_BYTES + (block.sources[row]?.length ?? block.texts[row]?.length ?? 0);
      this.#predictions.add(block, row);
    }
    const truth = block.truths[row]!;
    // Truth known at once is a label of the event's own time: any later label wins over it.
    if (truth === null) return;
    this.#bytes += ROW_BYTES + String(truth).length;
    const predictionId = block.id(row);
    this.#labels.add(block.offsets[row]!, {
      predictionId,
      model: block.models[row]!,
      label: truth,
      timestamp: block.timestamps[row]!,
    });
  }

  addLetter(letter: DeadLetter): void {
    this.#bytes += LETTER_BYTES + (letter.value?.length ?? 0) + (letter.key?.length ?? 0);
    this.#letters.push(letter);
  }

  /** All of it since the last time. */
  take(): Taken {
    const taken = { predictions: this.#predictions.take(), labels: this.#labels.take(), letters: this.#letters };
    this.#letters = [];
    this.#bytes = 0;
    return taken;
  }
}
