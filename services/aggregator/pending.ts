import { predictionToText } from '../../lib/core/events/to-json.ts';
import type { Prediction } from '../../lib/core/events/types.ts';
import type { DeadLetter } from '../../lib/ports/codec.ts';
import type { Row } from '../../lib/ports/store.ts';
import { labelRow, predictionRow, type RecordPlace } from '../../lib/tables/raw.ts';

const MAX_ROWS = 5_000;
/** Of text and letters, with what the rows themselves take: what a partition holds while the store is slow. */
const MAX_BYTES = 4 * 1024 * 1024;
const ROW_BYTES = 600;

/** What waits to be written beside the chunk's own rows. */
export class Pending {
  readonly predictions: Row[] = [];
  readonly labels: Row[] = [];
  readonly letters: DeadLetter[] = [];
  #bytes = 0;
  readonly #keepPredictions: boolean;

  constructor(keepPredictions: boolean) {
    this.#keepPredictions = keepPredictions;
  }

  /** Whether it is time to write for memory's sake. */
  get full(): boolean {
    const rows = this.predictions.length + this.labels.length + this.letters.length;
    return rows >= MAX_ROWS || this.#bytes >= MAX_BYTES;
  }

  addPrediction(place: RecordPlace, prediction: Prediction, value: Buffer | null): void {
    if (this.#keepPredictions) {
      const event = eventText(value, prediction);
      this.#bytes += ROW_BYTES + event.length;
      this.predictions.push(predictionRow(place, prediction, event));
    }
    const { predictionId, model, truth, timestamp } = prediction;
    // Truth known at once is a label of the event's own time: any later label wins over it.
    if (truth === null) return;
    this.#bytes += ROW_BYTES + String(truth).length;
    this.labels.push(labelRow(place, { predictionId, model, label: truth, timestamp }));
  }

  addLetter(letter: DeadLetter): void {
    this.#bytes += ROW_BYTES + (letter.value?.length ?? 0) + (letter.key?.length ?? 0);
    this.letters.push(letter);
  }
}

/** The event as JSON: as it came where it came as JSON (0xC3 is no first byte of JSON), fields this version does not know included. */
function eventText(value: Buffer | null, prediction: Prediction): string {
  return value === null || value[0] === 0xc3 ? predictionToText(prediction) : value.toString('utf8');
}
