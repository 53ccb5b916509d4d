import { isUtf8 } from 'node:buffer';
import type { PredictionBlock } from '../core/events/block.ts';
import type { FeatureValue, Label } from '../core/events/types.ts';
import { FLOAT64, NativeBlock, TEXT, TIME, UINT32, UINT64 } from '../core/sql/native.ts';
import { type EncodedRows, NativeRows } from '../core/sql/native-rows.ts';
import type { Store } from '../ports/store.ts';

/** Where a record lies: the key of its raw row. */
export interface RecordPlace {
  topic: string;
  incarnation: string;
  partition: number;
  offset: number;
}

/** Of a row beside its event, and of a label's, with the constant columns: about. */
const PREDICTION_BYTES = 200;
const LABEL_BYTES = 150;

type PartitionPlace = Omit<RecordPlace, 'offset'>;

/** Rows of the raw prediction log from one partition, encoded as they are added. */
export class PredictionRows {
  readonly #block = new NativeBlock();
  readonly #rows = new NativeRows(this.#block);
  readonly #offset = this.#block.values('offset', UINT64);
  readonly #model = this.#block.values('model', TEXT);
  readonly #timestamp = this.#block.values('timestamp', TIME);
  readonly #predictionId = this.#block.values('prediction_id', TEXT);
  readonly #version = this.#block.values('version', TEXT);
  readonly #role = this.#block.values('role', TEXT);
  readonly #score = this.#block.nullables('score', FLOAT64);
  readonly #label = this.#block.nullables('label', TEXT);
  readonly #value = this.#block.nullables('value', FLOAT64);
  readonly #latency = this.#block.nullables('latency_ms', FLOAT64);
  readonly #error = this.#block.nullables('error', TEXT);
  readonly #event = this.#block.values('event', TEXT);
  readonly #row = this.#block.values('row', UINT32);

  constructor(place: PartitionPlace) {
    addPlace(this.#block, place);
  }

  /** How many were added since the last `take`. */
  get length(): number {
    return this.#rows.count;
  }

  /** All rows since the last time. */
  take(): EncodedRows {
    return this.#rows.take();
  }

  /** The event in `row` of the block, as it came where it came as JSON. */
  add(block: PredictionBlock, row: number): void {
    this.#offset.add(block.offsets[row]!);
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
    this.#row.add(block.recordRows[row]!);
    if (source === null) this.#event.add(block.texts[row] ?? '');
    else this.#addSource(source);
    this.#rows.added(PREDICTION_BYTES + (source ?? block.texts[row] ?? '').length);
  }

  #addId(block: PredictionBlock, row: number): void {
    const id = block.ids[row]!;
    if (id === null) this.#predictionId.addUtf8(block.idSource(row), block.idStarts[row], block.idEnds[row]);
    else this.#predictionId.add(id);
  }

  /** Bytes that are no UTF-8 become U+FFFD, as everybody else reads them. */
  #addSource(source: Uint8Array): void {
    if (isUtf8(source)) this.#event.addUtf8(source);
    else this.#event.add(new TextDecoder('utf-8', { ignoreBOM: true }).decode(source));
  }
}

/** Rows of labels from one partition, encoded as they are added. */
export class LabelRows {
  readonly #block = new NativeBlock();
  readonly #rows = new NativeRows(this.#block);
  readonly #offset = this.#block.values('offset', UINT64);
  readonly #model = this.#block.values('model', TEXT);
  readonly #predictionId = this.#block.values('prediction_id', TEXT);
  readonly #label = this.#block.values('label', TEXT);
  readonly #timestamp = this.#block.values('timestamp', TIME);

  constructor(place: PartitionPlace) {
    addPlace(this.#block, place);
  }

  /** How many were added since the last `take`. */
  get length(): number {
    return this.#rows.count;
  }

  /** All rows since the last time. */
  take(): EncodedRows {
    return this.#rows.take();
  }

  add(offset: number, label: Label): void {
    this.#offset.add(offset);
    this.#model.add(label.model);
    this.#predictionId.add(label.predictionId);
    this.#label.add(String(label.label));
    this.#timestamp.add(label.timestamp);
    this.#rows.added(LABEL_BYTES);
  }
}

/** Whether labels of this partition are stored, but none of this incarnation of the topic. */
export async function isNewIncarnation(store: Store, place: PartitionPlace): Promise<boolean> {
  const rows = await store.query<{ incarnation: string }>(
    'SELECT DISTINCT incarnation FROM label_rows WHERE topic = {topic:String} AND partition = {partition:UInt32}',
    { topic: place.topic, partition: place.partition },
  );
  return rows.length > 0 && rows.every(({ incarnation }) => incarnation !== place.incarnation);
}

function addPlace(block: NativeBlock, { topic, incarnation, partition }: PartitionPlace): void {
  block.constant('topic', TEXT, topic);
  block.constant('incarnation', TEXT, incarnation);
  block.constant('partition', UINT32, partition);
}

/** In one INSERT. Keyed by (incarnation, partition, offset, row of the record): writing them again changes nothing. */
export async function insertPredictions(store: Store, rows: readonly EncodedRows[]): Promise<void> {
  await insert(store, 'prediction_rows', rows);
}

/** In one INSERT. Keyed by (prediction id, incarnation, partition, offset): a record brings no more than one. */
export async function insertLabels(store: Store, rows: readonly EncodedRows[]): Promise<void> {
  await insert(store, 'label_rows', rows);
}

/** A retry sends the same bytes. */
async function insert(store: Store, table: string, rows: readonly EncodedRows[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  await store.insertNative(
    table,
    first.columns,
    rows.flatMap(({ blocks }) => blocks),
  );
}

/** JSON has no infinities and no NaN; the event itself still says them. */
function finite(value: FeatureValue): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
