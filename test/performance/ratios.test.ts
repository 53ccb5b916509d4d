import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodec } from '../../lib/adapters/avro/index.ts';
import { OpenChunk } from '../../lib/core/chunks/chunk.ts';
import { PredictionBlock } from '../../lib/core/events/block.ts';
import { IDENTITY, SPEC, START } from '../core/chunks/events.ts';
import { Random } from '../core/json/random.ts';

/**
 * The hot path against what the platform offers for the same work, in the same process and in turn: CPU time, the best of
 * many short rounds, so that neither a slow machine nor a busy one matters. The limits lie well above what was measured
 * (docs/performance.md) and below what a slip costs: an object an event, a value read twice, a lost fast path.
 */
const EVENTS = 4_096;
const FEATURES = 20;
const ROUNDS = 40;

const random = new Random(7);
const events = Array.from({ length: EVENTS }, (_, i) => {
  const features = Object.fromEntries(
    Array.from({ length: FEATURES }, (_, k) => [`feature_${k}`, Number((random.fraction() * 100).toPrecision(6))]),
  );
  return {
    prediction_id: `p-${i}`,
    model: 'm',
    timestamp: START + i,
    features,
    prediction: { score: random.fraction() },
  };
});
const texts = events.map((event) => Buffer.from(JSON.stringify(event)));
const columns = Array.from({ length: FEATURES }, (_, k) =>
  Float64Array.from(events, ({ features }) => features[`feature_${k}`]!),
);

/** CPU µs an event, of the least disturbed round of each. */
function measure<Name extends string>(work: Record<Name, () => void>): Record<Name, number> {
  const best = Object.fromEntries(Object.keys(work).map((name) => [name, Number.POSITIVE_INFINITY])) as Record<
    Name,
    number
  >;
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of Object.keys(work) as Name[]) {
      const before = process.cpuUsage();
      work[name]();
      const { user, system } = process.cpuUsage(before);
      best[name] = Math.min(best[name], (user + system) / EVENTS);
    }
  }
  return best;
}

/** From bytes to a counted chunk, or only to columns. */
function pipeline(counts: boolean): () => void {
  const reader = createCodec({ encoding: 'json' }).predictionReader({ texts: false });
  const block = new PredictionBlock();
  return () => {
    const chunk = new OpenChunk(SPEC, IDENTITY);
    const empty = () => {
      if (counts) chunk.add(block);
      block.clear();
    };
    texts.forEach((text, i) => {
      if (reader.read(text, i, START + i, block) !== 'full') return;
      empty();
      reader.read(text, i, START + i, block);
    });
    empty();
  };
}

function ratio(name: string, ours: number, theirs: number, limit: number): void {
  const found = ours / theirs;
  console.log(
    `${name}: ${found.toFixed(2)} (${ours.toFixed(2)} to ${theirs.toFixed(2)} µs an event; at most ${limit})`,
  );
  assert.ok(found <= limit, `${name}: ${found.toFixed(2)} is more than ${limit}`);
}

test('reading an event into columns costs less than JSON.parse, and counting it about as much', () => {
  const { parse, read, count } = measure({
    parse: () => {
      for (const text of texts) JSON.parse(text.toString('utf8'));
    },
    read: pipeline(false),
    count: pipeline(true),
  });
  ratio('bytes to columns, to JSON.parse', read, parse, 1);
  ratio('bytes to a counted chunk, to JSON.parse', count, parse, 1.6);
});

test('counting values and sketching them costs about as much as sorting them', () => {
  const block = new PredictionBlock();
  const reader = createCodec({ encoding: 'json' }).predictionReader({ texts: false });
  const { sort, sketch } = measure({
    sort: () => {
      for (const column of columns) Float64Array.from(column).sort();
    },
    sketch: () => {
      const chunk = new OpenChunk(SPEC, IDENTITY);
      reader.read(texts[0]!, 0, START, block);
      const { rows } = block;
      for (let first = 0; first < EVENTS; first += rows) {
        fill(block, first, Math.min(rows, EVENTS - first));
        chunk.add(block);
        block.clear();
      }
      for (const row of chunk.changes().rows) assert.ok(row.covered > 0);
    },
  });
  ratio('counted and sketched, to Float64Array.sort', sketch, sort, 4);
});

/** Puts `count` events into the block as it was laid out, column by column. */
function fill(block: PredictionBlock, first: number, count: number): void {
  block.length = 0;
  columns.forEach((column, c) => {
    block.numbers.set(column.subarray(first, first + count), c * block.rows);
    block.tags.fill(0, c * block.rows, c * block.rows + count);
  });
  for (let row = 0; row < count; row++) {
    block.models[row] = 'm';
    block.timestamps[row] = START + first + row;
    block.commit(first + row, START + first + row);
  }
}
