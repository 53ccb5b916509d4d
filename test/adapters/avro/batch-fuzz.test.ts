import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { attempt } from '../../../lib/adapters/avro/rejections.ts';
import { createReader, createWriter } from '../../../lib/adapters/avro/writer.ts';
import type { RecordSchema } from '../../../lib/core/avro/schema.ts';
import { PredictionBlock } from '../../../lib/core/events/block.ts';
import { appendBatch } from '../../../lib/core/events/columnar-batch.ts';
import { ShapeCatalog } from '../../../lib/core/events/shape.ts';
import { Random } from '../../core/json/random.ts';
import {
  BATCH_SCHEMA,
  type Batch,
  batchType,
  boolean,
  type Column,
  categorical,
  numeric,
  singleObject,
  times,
} from '../../support/batches.ts';
import { said } from '../../support/block-says.ts';

const ROUNDS = Math.min(Number(process.env.DRIFTLINE_FUZZ ?? 30_000), 1_000_000);
const writer = createWriter(BATCH_SCHEMA as RecordSchema);
const reader = createReader(BATCH_SCHEMA as RecordSchema);
const HEADER = 10;

/** By the library, and the checks that both ways share. */
function oracle(value: Buffer, block: PredictionBlock): unknown {
  const decoded = attempt(() => writer.decode(reader, value, HEADER) as Batch & { columns: never });
  if (!decoded.ok) return decoded.rejection;
  const { prediction_ids: texts, ...rest } = decoded.value;
  const ids = { count: texts.length, source: null, texts };
  return appendBatch(block, new ShapeCatalog(), { ...rest, ids }, { offset: 1, arrival: 2, texts: null });
}

function rowsOf(block: PredictionBlock): unknown[] {
  return Array.from({ length: block.length }, (_, row) => said(block, row));
}

function column(random: Random, rows: number): Column {
  const name = random.pick([
    'a',
    'b',
    'c',
    'grösse',
    'prediction.score',
    'prediction.label',
    'segment.x',
    'segment.',
    '',
  ]);
  const each = <T>(make: () => T): T[] => Array.from({ length: random.below(20) === 0 ? rows + 1 : rows }, make);
  const missing = random.below(2) === 0 ? [] : each(() => Number(random.below(3) === 0));
  const kind = random.below(3);
  if (kind === 0)
    return numeric(
      name,
      each(() => random.pick([0, -0, Number.NaN, random.fraction()])),
      missing,
    );
  if (kind === 1)
    return boolean(
      name,
      each(() => random.below(random.below(9) === 0 ? 3 : 2)),
      missing,
    );
  return categorical(
    name,
    ['x', 'é', ''],
    each(() => random.below(random.below(9) === 0 ? 4 : 3)),
    missing,
  );
}

function batch(random: Random): Batch {
  const rows = random.pick([0, 1, 2, 5, 70]);
  const ids = random.pick(['p-', 'p-', 'ü', 'long'.repeat(20), 'i'.repeat(255)]);
  return {
    model: random.below(20) === 0 ? 'bad name' : 'm',
    version: random.pick(['', '1']),
    role: random.pick(['', 'champion', 'champion']),
    prediction_ids: Array.from({ length: rows }, (_, row) => `${ids}${row}`),
    timestamps: times(Array.from({ length: rows }, () => (random.below(200) === 0 ? -1 : 1_540_922_400_000))),
    columns: Array.from({ length: random.below(4) }, () => column(random, rows)),
  };
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const at = HEADER + random.below(bytes.length - HEADER);
  const copy = Buffer.from(bytes);
  switch (random.below(3)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      copy[at] = random.below(256);
      return copy;
    default:
      return Buffer.concat([copy.subarray(0, at), Buffer.from([random.below(256)]), copy.subarray(at)]);
  }
}

test('whatever bytes a batch has, it is read as avsc and the same checks read it', () => {
  const random = new Random(Number(process.env.DRIFTLINE_FUZZ_SEED ?? 8));
  const subject = createCodec({ encoding: 'json' }).predictionReader({ texts: false });
  const [got, wanted] = [new PredictionBlock(), new PredictionBlock()];
  let rows = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const whole = singleObject(batchType, batch(random));
    const value = random.below(3) === 0 ? damaged(whole, random) : whole;
    const hint = value.toString('hex');
    const expected = oracle(value, wanted);
    assert.deepEqual(subject.read(value, 1, 2, got), expected, hint);
    assert.deepEqual(rowsOf(got), rowsOf(wanted), hint);
    rows += got.length;
    got.clear();
    wanted.clear();
  }
  assert.ok(rows > ROUNDS, `only ${rows} rows were read`);
});
