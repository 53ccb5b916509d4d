import type { PredictionBlock } from '../../lib/core/events/block.ts';
import type { DeadLetter } from '../../lib/ports/codec.ts';
import type { Row } from '../../lib/ports/store.ts';
import { labelRow, predictionRow, type RecordPlace, type StoredEvent } from '../../lib/tables/raw.ts';

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

  /** The event in `row` of the block, which came in at `place`. */
  addEvent(place: RecordPlace, block: PredictionBlock, row: number): void {
    if (this.#keepPredictions) {
      const event = eventText(block, row);
      this.#bytes += ROW_BYTES + event.length;
      this.predictions.push(predictionRow(place, storedEvent(block, row), event));
    }
    const truth = block.truths[row]!;
    // Truth known at once is a label of the event's own time: any later label wins over it.
    if (truth === null) return;
    this.#bytes += ROW_BYTES + String(truth).length;
    const predictionId = block.id(row);
    const label = { predictionId, model: block.models[row]!, label: truth, timestamp: block.timestamps[row]! };
    this.labels.push(labelRow(place, label));
  }

  addLetter(letter: DeadLetter): void {
    this.#bytes += ROW_BYTES + (letter.value?.length ?? 0) + (letter.key?.length ?? 0);
    this.letters.push(letter);
  }
}

/** The event as JSON: as it came where it came as JSON, fields this version does not know included. */
function eventText(block: PredictionBlock, row: number): string {
  const source = block.sources[row]!;
  return source === null
    ? (block.texts[row] ?? '')
    : Buffer.from(source.buffer, source.byteOffset, source.length).toString('utf8');
}

function storedEvent(block: PredictionBlock, row: number): StoredEvent {
  const { features: score, label, value, latency } = block.shape;
  return {
    model: block.models[row]!,
    timestamp: block.timestamps[row]!,
    predictionId: block.id(row),
    version: block.versions[row]!,
    role: block.roles[row]!,
    score: block.cell(score, row) as number | null,
    label: block.cell(label, row) as string | null,
    value: block.cell(value, row) as number | null,
    latencyMs: block.cell(latency, row) as number | null,
    error: block.errors[row]!,
  };
}
