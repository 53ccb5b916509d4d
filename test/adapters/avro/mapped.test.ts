import assert from 'node:assert/strict';
import { test } from 'node:test';
import avsc from 'avsc';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { mappedRecord } from '../../../lib/adapters/avro/mapped-record.ts';
import { createWriter } from '../../../lib/adapters/avro/writer.ts';
import type { RecordSchema } from '../../../lib/core/avro/schema.ts';
import { appendPrediction } from '../../../lib/core/events/append.ts';
import { PredictionBlock } from '../../../lib/core/events/block.ts';
import { ShapeCatalog } from '../../../lib/core/events/shape.ts';
import type { Codec } from '../../../lib/ports/codec.ts';
import { Random } from '../../core/json/random.ts';
import { said } from '../../support/block-says.ts';
import { confluent } from '../../support/schema-registry.ts';

const ROUNDS = Number(process.env.DRIFTLINE_FUZZ ?? 20_000);
const MAPPING = {
  schema: 'com.acme.Scored',
  model: 'car-loan',
  fields: { prediction_id: 'id', timestamp: 'ts', score: 'proba', prediction: 'pred', label: 'repaid' },
  ignore: ['row_hash'],
};

function schemaWith(more: { name: string; type: unknown }[], changes: Record<string, unknown> = {}): RecordSchema {
  const fields = [
    { name: 'car_value', type: 'double' },
    { name: 'income', type: 'double' },
    { name: 'id', type: 'string' },
    { name: 'salary', type: ['null', 'string'] },
    { name: 'row_hash', type: 'string' },
    { name: 'ts', type: 'long' },
    { name: 'proba', type: 'float' },
    { name: 'pred', type: ['null', 'int', 'boolean', 'string'] },
    { name: 'age', type: ['null', 'int'] },
    { name: 'repaid', type: ['null', 'boolean'] },
    ...more,
  ];
  const changed = fields.map(({ name, type }) => ({ name, type: changes[name] ?? type }));
  return { type: 'record', name: 'Scored', namespace: 'com.acme', fields: changed } as RecordSchema;
}

async function codecFor(schema: RecordSchema): Promise<Codec> {
  const registry = { schema: async () => ({ type: 'AVRO', texts: [JSON.stringify(schema)] }) };
  const codec = createCodec({ encoding: 'json', registry, records: [MAPPING] });
  await codec.askForSchema(7);
  return codec;
}

function typeOf(schema: RecordSchema): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'always' });
}

function record(random: Random): Record<string, unknown> {
  const text = () => random.pick(['red', '', 'é€', 'x'.repeat(300), '0 - 20K €']);
  return {
    car_value: random.pick([random.fraction() * 1000, Number.NaN, -0, Number.POSITIVE_INFINITY]),
    income: random.fraction(),
    id: random.pick([`p-${random.below(1e6)}`, `p-${random.below(1e6)}`, 'é', '', 'i'.repeat(257)]),
    salary: random.pick([null, { string: text() }]),
    row_hash: text(),
    ts: random.pick([1_540_922_400_000, 0, -1, 2 ** 50]),
    proba: random.pick([0.5, Number.NaN]),
    pred: random.pick([null, { int: -3 }, { boolean: true }, { string: text() }]),
    age: random.pick([null, { int: random.below(99) }]),
    repaid: random.pick([null, { boolean: true }]),
    color: random.pick(['red', 'green']),
    inner: { x: 1 },
    vec: [1, 2],
  };
}

/** Those that go straight into columns, then those with what only the library reads. */
const SCHEMAS = [
  schemaWith([]),
  schemaWith([{ name: 'vec', type: { type: 'array', items: 'double' } }]),
  schemaWith([{ name: 'color', type: { type: 'enum', name: 'Color', symbols: ['red', 'green'] } }]),
  schemaWith([
    { name: 'inner', type: { type: 'record', name: 'Inner', fields: [{ name: 'x', type: 'int' }] } },
    { name: 'vec', type: { type: 'array', items: 'double' } },
  ]),
];

test("a producer's own record is read as the library and the validation read it, whatever its bytes are", async () => {
  const random = new Random(Number(process.env.DRIFTLINE_FUZZ_SEED ?? 5));
  for (const schema of SCHEMAS) {
    const codec = await codecFor(schema);
    const readers = [false, true].map((texts) => codec.predictionReader({ texts }));
    const oracle = mappedRecord(createWriter(schema), MAPPING);
    const type = typeOf(schema);
    const block = new PredictionBlock();
    let accepted = 0;
    for (let round = 0; round < ROUNDS / SCHEMAS.length; round++) {
      let body = type.toBuffer(record(random));
      if (random.below(4) === 0)
        body = Buffer.concat([
          body.subarray(0, random.below(body.length)),
          Buffer.from([random.below(256)]),
          body.subarray(random.below(body.length)),
        ]);
      const expected = oracle.decode(body, 0);
      const outcome = random.pick(readers).read(confluent(7, body), round, 9, block);
      if (!expected.ok) {
        assert.deepEqual(outcome, expected.rejection, body.toString('hex'));
        continue;
      }
      assert.equal(outcome, 'read', body.toString('hex'));
      const wanted = new PredictionBlock();
      appendPrediction(wanted, new ShapeCatalog(), expected.value, {
        offset: round,
        arrival: 9,
        source: null,
        text: null,
      });
      assert.deepEqual(said(block), said(wanted), body.toString('hex'));
      block.clear();
      accepted += 1;
    }
    assert.ok(accepted > ROUNDS / SCHEMAS.length / 10, `${accepted}`);
  }
});

test('fields become what the configuration says, and the rest are features', async () => {
  const schema = SCHEMAS[3]!;
  const codec = await codecFor(schema);
  const value = {
    car_value: 5,
    income: 6,
    id: 'p1',
    salary: { string: 'much' },
    row_hash: 'h',
    ts: 1_540_922_400_000,
    proba: 0.5,
    pred: { int: 1 },
    age: null,
    repaid: { boolean: true },
    inner: { x: 1 },
    vec: [1, 2],
  };
  const block = new PredictionBlock();
  const reader = codec.predictionReader({ texts: true });
  assert.equal(reader.read(confluent(7, typeOf(schema).toBuffer(value)), 1, 2, block), 'read');
  assert.deepEqual(block.shape.columns.slice(0, block.shape.features), ['car_value', 'income', 'salary', 'age', 'vec']);
  assert.deepEqual([block.cell(0, 0), block.cell(1, 0), block.cell(2, 0), block.cell(3, 0)], [5, 6, 'much', null]);
  assert.deepEqual([block.cell(block.shape.features, 0), block.cell(block.shape.label, 0)], [0.5, '1']);
  assert.deepEqual([block.models[0], block.id(0), block.truths[0]], ['car-loan', 'p1', true]);
  assert.deepEqual((JSON.parse(block.texts[0]!) as { features: unknown }).features, {
    car_value: 5,
    income: 6,
    salary: 'much',
    age: null,
    vec: [1, 2],
  });
});

test('numbers as ids and versions are taken as text, and dates as times', async () => {
  const schema = schemaWith([], { id: 'long', ts: 'string' });
  const codec = await codecFor(schema);
  const random = new Random(1);
  const value = { ...record(random), id: 12_345, ts: '2018-10-30T18:00:00Z' };
  const block = new PredictionBlock();
  const bytes = confluent(7, typeOf(schema).toBuffer(value));
  assert.equal(codec.predictionReader({ texts: false }).read(bytes, 1, 2, block), 'read');
  assert.deepEqual([block.id(0), block.timestamps[0]], ['12345', 1_540_922_400_000]);
});

test('a record that lacks a field which is mapped is a dead letter that names it', async () => {
  const schema = { ...SCHEMAS[0]!, fields: SCHEMAS[0]!.fields.filter(({ name }) => name !== 'proba') };
  const codec = await codecFor(schema);
  const outcome = codec
    .predictionReader({ texts: false })
    .read(confluent(7, typeOf(schema).toBuffer(record(new Random(2)))), 1, 2, new PredictionBlock());
  assert.ok(typeof outcome === 'object');
  assert.deepEqual([outcome.code, /no field proba/.test(outcome.message)], ['unknown_schema', true]);
});
