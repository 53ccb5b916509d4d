import type { PredictionBlock } from './block.ts';
import type { ShapeCatalog } from './shape.ts';
import type { FeatureValue, Prediction } from './types.ts';

/** Where and when the record came in, and the event as JSON: as its bytes, as text, or not at all. */
export interface RecordOrigin {
  offset: number;
  /** ms */
  arrival: number;
  source: Uint8Array | null;
  text: string | null;
}

/** Puts one decoded event into the block; false: the block has to be emptied first, and nothing happened. */
export function appendPrediction(
  block: PredictionBlock,
  shapes: ShapeCatalog,
  event: Prediction,
  { offset, arrival, source, text }: RecordOrigin,
): boolean {
  const shape = shapes.shapeOf(event.features.keys(), event.segments.keys());
  if (!block.accept(shape)) return false;
  let column = setAll(block, 0, event.features.values());
  block.set(column++, event.score);
  block.set(column++, event.label);
  block.set(column++, event.value);
  block.set(column++, event.latencyMs);
  setAll(block, column, event.segments.values());
  const row = block.length;
  block.timestamps[row] = event.timestamp;
  block.models[row] = event.model;
  block.versions[row] = event.version;
  block.roles[row] = event.role;
  block.ids[row] = event.predictionId;
  block.errors[row] = event.error;
  block.truths[row] = event.truth;
  block.sources[row] = source;
  block.texts[row] = text;
  block.commit(offset, arrival);
  return true;
}

/** Returns the column after the last one set. */
function setAll(block: PredictionBlock, first: number, values: Iterable<FeatureValue>): number {
  let column = first;
  for (const value of values) block.set(column++, value);
  return column;
}
