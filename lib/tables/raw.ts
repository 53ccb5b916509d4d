import { isUtf8 } from 'node:buffer';
import type { PredictionBlock } from '../core/events/block.ts';
import type { FeatureValue, Label } from '../core/events/types.ts';
import { FLOAT64, NativeBlock, TEXT, TIME, UINT32, UINT64 } from '../core/sql/native.ts';
import type { Store } from '../ports/store.ts';

/** Where a record lies: the key of its raw row. */
export interface RecordPlace {
  topic: string;
  incarnation: string;
  partition: number;
  offset: number;
}

/** Rows of the raw prediction log, encoded as they are added. */
export class PredictionRows {
  readonly block = new NativeBlock();
  readonly #place = placeColumns(this.block);
  readonly #model = this.block.values('model', TEXT);
  readonly #timestamp = this.block.values('timestamp', TIME);
  readonly #predictionId = this.block.values('prediction_id', TEXT);
  readonly #version = this.block.values('version', TEXT);
  readonly #role = this.block.values('role', TEXT);
  readonly #score = this.block.nullables('score', FLOAT64);
  readonly #label = this.block.nullables('label', TEXT);
  readonly #value = this.block.nullables('value', FLOAT64);
  readonly #latency = this.block.nullables('latency_ms', FLOAT64);
  readonly #error = this.block.nullables('error', TEXT);
  readonly #event = this.block.values('event', TEXT);

  get length(): number {
    return this.block.rows;
  }

  /** The event in `row` of the block, which came in at `place`; it is stored as it came where it came as JSON. */
  add(place: RecordPlace, block: PredictionBlock, row: number): void {
    addPlace(this.#place, place);
    const { features: score, label, value, latency } = block.shape;
    this.#model.add(block.models[row]!);
    this.#timestamp.add(block.timestamps[row]!);
    this.#addId(block, row);
    this.#version.add(block.versions[row]!);
    this.#role.add(block.roles[row]!);
    this.#score.add(finite(block.cell(score, row)));
    this.#label.add(block.cell(label, row) as string | null);
    this.#value.add(finite(block.cell(value, row)));
    this.#latency.add(finite(block.cell(latency, row)));
    this.#error.add(block.errors[row]!);
    const source = block.sources[row]!;
    if (source === null) this.#event.add(block.texts[row] ?? '');
    else this.#addSource(source);
  }

  #addId(block: PredictionBlock, row: number): void {
    const id = block.ids[row]!;
    if (id === null) this.#predictionId.addUtf8(block.sources[row]!, block.idStarts[row], block.idEnds[row]);
    else this.#predictionId.add(id);
  }

  /** Bytes that are no UTF-8 become U+FFFD, as everybody else reads them. */
  #addSource(source: Uint8Array): void {
    if (isUtf8(source)) this.#event.addUtf8(source);
    else this.#event.add(new TextDecoder('utf-8', { ignoreBOM: true }).decode(source));
  }
}

/** Rows of labels, encoded as they are added. */
export class LabelRows {
  readonly block = new NativeBlock();
  readonly #place = placeColumns(this.block);
  readonly #model = this.block.values('model', TEXT);
  readonly #predictionId = this.block.values('prediction_id', TEXT);
  readonly #label = this.block.values('label', TEXT);
  readonly #timestamp = this.block.values('timestamp', TIME);

  get length(): number {
    return this.block.rows;
  }

  add(place: RecordPlace, label: Label): void {
    addPlace(this.#place, place);
    this.#model.add(label.model);
    this.#predictionId.add(label.predictionId);
    this.#label.add(String(label.label));
    this.#timestamp.add(label.timestamp);
  }
}

/** Whether labels of this partition are stored, but none of this incarnation of the topic. */
export async function isNewIncarnation(store: Store, place: Omit<RecordPlace, 'offset'>): Promise<boolean> {
  const rows = await store.query<{ incarnation: string }>(
    'SELECT DISTINCT incarnation FROM label_rows WHERE topic = {topic:String} AND partition = {partition:UInt32}',
    { topic: place.topic, partition: place.partition },
  );
  return rows.length > 0 && rows.every(({ incarnation }) => incarnation !== place.incarnation);
}

function placeColumns(block: NativeBlock) {
  return {
    topic: block.values('topic', TEXT),
    incarnation: block.values('incarnation', TEXT),
    partition: block.values('partition', UINT32),
    offset: block.values('offset', UINT64),
  };
}

function addPlace(columns: ReturnType<typeof placeColumns>, place: RecordPlace): void {
  columns.topic.add(place.topic);
  columns.incarnation.add(place.incarnation);
  columns.partition.add(place.partition);
  columns.offset.add(place.offset);
}

/** Keyed by (incarnation, partition, offset): writing them again changes nothing. */
export async function insertPredictions(store: Store, rows: PredictionRows): Promise<void> {
  await insert(store, 'prediction_rows', rows.block);
}

/** Keyed as predictions are. */
export async function insertLabels(store: Store, rows: LabelRows): Promise<void> {
  await insert(store, 'label_rows', rows.block);
}

/** A retry sends the same bytes, which are not encoded again. */
async function insert(store: Store, table: string, block: NativeBlock): Promise<void> {
  await store.insertNative(table, block.names, { [Symbol.iterator]: () => block.pieces() });
}

/** JSON has no infinities and no NaN; the event itself still says them. */
function finite(value: FeatureValue): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
