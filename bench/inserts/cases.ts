import type { ChunkRow } from '../../lib/core/chunks/types.ts';
import { appendPrediction } from '../../lib/core/events/append.ts';
import { PredictionBlock } from '../../lib/core/events/block.ts';
import { ShapeCatalog } from '../../lib/core/events/shape.ts';
import type { Prediction } from '../../lib/core/events/types.ts';
import { sketchNumeric } from '../../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../../lib/core/sketch/types.ts';
import type { Row, Store } from '../../lib/ports/store.ts';
import { ChunkInsert, insertChunkRows } from '../../lib/tables/chunk-rows.ts';
import { insertPredictions, PredictionRows } from '../../lib/tables/raw.ts';
import { sketchParts } from '../../lib/tables/sketch-columns.ts';

/** Rows of one insert, made before the clock starts. */
export interface Rows {
  count: number;
  /** The engine's own path, from what the services have in hand until the rows are durable. */
  insert(store: Store): Promise<void>;
  /** The same rows as objects, times in ms: what other formats are made of. */
  objects: readonly Row[];
}

export interface Case {
  title: string;
  table: string;
  /** Names and types as other formats send them. */
  columns: readonly (readonly [name: string, type: string])[];
  /** Different ones for every round. */
  rows(round: number): Rows;
}

const START = Date.UTC(2026, 0, 1);
const FEATURES = 20;
const TIME = "DateTime64(3, 'UTC')";
const PLACE = { topic: 'driftline.predictions', incarnation: 'bench-incarnation-0001', partition: 0 };

const texts = (...names: string[]) => names.map((name) => [name, 'String'] as const);

const CHUNK_COLUMNS = [
  ...texts('topic', 'incarnation', 'spec_id', 'model', 'version', 'role', 'feature', 'segment', 'kind'),
  ...['partition', 'generation'].map((name) => [name, 'UInt32'] as const),
  ...['chunk_start', 'covered', 'count', 'missing', 'nan', 'infinite', 'wrong_type', 'n', 'other'].map(
    (name) => [name, 'UInt64'] as const,
  ),
  ...['window_start', 'window_end'].map((name) => [name, TIME] as const),
  ...['min', 'max', 'mean', 'm2'].map((name) => [name, 'Float64'] as const),
  ...['values', 'below', 'at_or_below'].map((name) => [name, 'Array(Float64)'] as const),
  ['categories', 'Array(String)'] as const,
  ['category_counts', 'Array(UInt64)'] as const,
];

/** Ledger rows, each a sketch of `values` normal values. */
export function sketchRows(count: number, values: number): Case {
  const sketches = Array.from({ length: 32 }, (_, i) => normalSketch(values, i));
  const spec_id = '0123456789abcdef0123456789abcdef';
  return {
    title: `${count} sketches of ${values} values`,
    table: 'chunk_rows',
    columns: CHUNK_COLUMNS,
    rows(round) {
      const chunk = { ...PLACE, chunkStart: round * 65_536 };
      const rows = Array.from({ length: count }, (_, i) => chunkRow(i, chunk.chunkStart, sketches[i % 32]!));
      const place = { ...PLACE, chunk_start: chunk.chunkStart, spec_id };
      return {
        count,
        insert: async (store) => void (await insertChunkRows(store, [new ChunkInsert(chunk, spec_id, rows)])),
        objects: rows.map((row) => ({ ...place, ...chunkObject(row) })),
      };
    },
  };
}

function normalSketch(values: number, shift: number): FeatureSketch {
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  const numeric = sketchNumeric(
    Float64Array.from({ length: values }, () => normal() + shift),
    values,
  );
  return { kind: 'numeric', count: values, missing: 0, nan: 0, infinite: 0, wrongType: 0, numeric };
}

function chunkRow(index: number, chunkStart: number, sketch: FeatureSketch): ChunkRow {
  const windowStart = START + Math.floor(index / 2_000) * 60_000;
  return {
    model: `model-${Math.floor(index / FEATURES) % 100}`,
    version: '1',
    role: 'champion',
    windowStart,
    windowEnd: windowStart + 60_000,
    feature: `feature_${index % FEATURES}`,
    segment: '',
    generation: 0,
    covered: chunkStart + 65_536,
    body: { form: 'sketch', sketch },
  };
}

function chunkObject({ body, windowStart, windowEnd, ...key }: ChunkRow): Row {
  if (body.form !== 'sketch') throw new TypeError('the bench has sketches only');
  return { ...key, window_start: windowStart, window_end: windowEnd, ...sketchParts(body.sketch) };
}

const PREDICTION_COLUMNS = [
  ...texts('topic', 'incarnation', 'model', 'prediction_id', 'version', 'role', 'event'),
  ['partition', 'UInt32'] as const,
  ['offset', 'UInt64'] as const,
  ['timestamp', TIME] as const,
  ...['score', 'value', 'latency_ms'].map((name) => [name, 'Nullable(Float64)'] as const),
  ...['label', 'error'].map((name) => [name, 'Nullable(String)'] as const),
];

/** The raw prediction log: events of 20 features, about 550 bytes of JSON each. */
export function predictionRows(count: number): Case {
  return {
    title: `${count} raw predictions`,
    table: 'prediction_rows',
    columns: PREDICTION_COLUMNS,
    rows(round) {
      const objects = Array.from({ length: count }, (_, i) => predictionObject(round * count + i));
      const blocks = blocksOf(objects);
      return {
        count,
        async insert(store) {
          const rows = new PredictionRows(PLACE);
          for (const block of blocks) {
            for (let row = 0; row < block.length; row++) rows.add(block, row);
          }
          await insertPredictions(store, [rows.take()]);
        },
        objects,
      };
    },
  };
}

type PredictionObject = ReturnType<typeof predictionObject>;

function predictionObject(offset: number) {
  const features: Record<string, number> = {};
  for (let i = 0; i < FEATURES; i++) features[`feature_${i}`] = Number((Math.random() * 100).toPrecision(6));
  const prediction_id = `p-${offset}`;
  const [label, score] = [offset % 3 === 0 ? 'yes' : 'no', Math.random()];
  const event = {
    prediction_id,
    model: 'bench',
    version: '1',
    timestamp: START,
    features,
    prediction: { label, score },
  };
  return {
    ...PLACE,
    offset,
    model: 'bench',
    timestamp: START + offset,
    prediction_id,
    version: '1',
    role: 'champion',
    score,
    label,
    value: null,
    latency_ms: null,
    error: null,
    event: JSON.stringify(event),
  };
}

/** As the intake hands them over, each event as the record's bytes; without features, which the raw log has in the event. */
function blocksOf(rows: readonly PredictionObject[]): PredictionBlock[] {
  const shapes = new ShapeCatalog();
  const blocks: PredictionBlock[] = [];
  for (const row of rows) {
    const origin = { offset: row.offset, arrival: row.timestamp, source: Buffer.from(row.event), text: null };
    const event = predictionOf(row);
    if (blocks.length > 0 && appendPrediction(blocks.at(-1)!, shapes, event, origin)) continue;
    blocks.push(new PredictionBlock());
    appendPrediction(blocks.at(-1)!, shapes, event, origin);
  }
  return blocks;
}

function predictionOf({ prediction_id, latency_ms, ...row }: PredictionObject): Prediction {
  return {
    ...row,
    predictionId: prediction_id,
    latencyMs: latency_ms,
    features: new Map(),
    probabilities: null,
    segments: new Map(),
    protectedAttributes: new Map(),
    requestId: null,
    truth: null,
    attributions: null,
  };
}
