import fc from 'fast-check';
import type { OpenChunk } from '../../../lib/core/chunks/chunk.ts';
import { CHUNK_LIMITS, type ChunkCaps } from '../../../lib/core/chunks/limits.ts';
import type { AggregationSpec } from '../../../lib/core/chunks/spec.ts';
import type { ChunkChanges, ChunkLossReason, ChunkRow, Position } from '../../../lib/core/chunks/types.ts';
import { appendPrediction } from '../../../lib/core/events/append.ts';
import { PredictionBlock } from '../../../lib/core/events/block.ts';
import { ShapeCatalog } from '../../../lib/core/events/shape.ts';
import type { FeatureValue, Prediction } from '../../../lib/core/events/types.ts';

export const HOUR = 3_600_000;
export const START = Date.UTC(2024, 0, 1);

export const IDENTITY = { topic: 't', incarnation: 'i', partition: 0, chunkStart: 0 };

export const SPEC: AggregationSpec = {
  layout: 1,
  chunkSize: 65_536,
  allowedDelayMs: 0,
  horizonMs: 24 * HOUR,
  futureSkewMs: 5 * 60_000,
  models: [
    {
      model: 'declared',
      window: { lengthMs: HOUR, timezone: 'UTC' },
      segments: ['region'],
      columns: [
        { name: 'amount', kind: 'numeric', grid: { kind: 'numeric', edges: [0, 10, 20] } },
        { name: 'colour', kind: 'categorical', grid: { kind: 'categorical', categories: ['green', 'red'] } },
        { name: 'flag', kind: 'boolean', grid: { kind: 'boolean', categories: ['false', 'true'] } },
      ],
    },
  ],
  defaults: { window: { lengthMs: HOUR, timezone: 'UTC' } },
};

/** Adds one event, in a block of its own; null or why it counts as lost. */
export function addEvent(chunk: OpenChunk, event: Prediction, { offset, arrival }: Position): ChunkLossReason | null {
  return addEvents(chunk, [{ event, position: { offset, arrival } }]).get(0) ?? null;
}

/** Adds events of any shapes through one block, which is emptied when it has to be. Returns those lost, by their index. */
export function addEvents(chunk: OpenChunk, arrived: readonly Arrived[]): Map<number, ChunkLossReason> {
  const block = new PredictionBlock();
  const shapes = new ShapeCatalog();
  const lost = new Map<number, ChunkLossReason>();
  let first = 0;
  const empty = () => {
    for (const [row, reason] of chunk.add(block)) lost.set(first + row, reason);
    first += block.length;
    block.clear();
  };
  for (const { event, position } of arrived) {
    const origin = { ...position, source: null, text: null };
    if (appendPrediction(block, shapes, event, origin)) continue;
    empty();
    appendPrediction(block, shapes, event, origin);
  }
  empty();
  return lost;
}

/** The caps of production with some of them changed. */
export function capsWith(changes: Partial<ChunkCaps>): ChunkCaps {
  return { ...CHUNK_LIMITS, ...changes };
}

/** What changed, its rows made, and taken for written. */
export function takeChanges(chunk: OpenChunk): ChunkChanges & { rows: ChunkRow[] } {
  const changes = chunk.changes();
  const rows = [...changes.rows];
  chunk.forgetChanges();
  return { ...changes, rows };
}

export interface Arrived {
  event: Prediction;
  position: Position;
}

export function prediction(changes: Partial<Prediction> = {}): Prediction {
  return {
    predictionId: 'p',
    model: 'declared',
    version: '1',
    role: 'champion',
    timestamp: START,
    features: new Map(),
    label: null,
    score: null,
    value: null,
    probabilities: null,
    segments: new Map(),
    protectedAttributes: new Map(),
    latencyMs: null,
    error: null,
    requestId: null,
    truth: null,
    attributions: null,
    ...changes,
  };
}

/** Events as they may follow each other in a log: arrivals around their event times, some late, some from the future. */
export function arrivals(maxLength: number): fc.Arbitrary<Arrived[]> {
  const value: fc.Arbitrary<FeatureValue> = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -5, max: 25 }) },
    { weight: 3, arbitrary: fc.double() },
    { weight: 3, arbitrary: fc.constantFrom('red', 'green', 'blue', 'x'.repeat(300)) },
    { weight: 2, arbitrary: fc.boolean() },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant([1, 2, 3]) },
  );
  const event = fc.record({
    model: fc.constantFrom('declared', 'other'),
    version: fc.constantFrom('1', '2'),
    timestamp: fc.integer({ min: START - 30 * HOUR, max: START + HOUR }),
    features: fc
      .dictionary(fc.constantFrom('amount', 'colour', 'flag', 'x', '__proto__'), value)
      .map((features) => new Map(Object.entries(features))),
    score: fc.option(fc.double({ noNaN: true })),
    label: fc.option(fc.constantFrom('0', '1')),
    latencyMs: fc.option(fc.nat(100)),
    error: fc.option(fc.constant('broken'), { freq: 10 }),
    segments: fc
      .dictionary(fc.constant('region'), fc.constantFrom('MA', 'NY'))
      .map((map) => new Map(Object.entries(map))),
  });
  return fc.array(fc.tuple(event, fc.integer({ min: 1, max: 3 })), { maxLength }).map((items) => {
    let offset = -1;
    return items.map(([changes, step]) => {
      offset += step;
      return { event: prediction(changes), position: { offset, arrival: START + offset } };
    });
  });
}
