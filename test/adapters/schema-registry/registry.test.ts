import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import avsc from 'avsc';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { createSchemaRegistry } from '../../../lib/adapters/schema-registry/index.ts';
import { PredictionBlock } from '../../../lib/core/events/block.ts';
import { RegistryUnavailableError } from '../../../lib/ports/schema-registry.ts';
import { BATCH_SCHEMA, batchType, numeric, times } from '../../support/batches.ts';
import { ContractRegistry, confluent } from '../../support/schema-registry.ts';

let registry: ContractRegistry;
before(async () => {
  registry = await ContractRegistry.start();
});
beforeEach(() => {
  registry.trouble = undefined;
  registry.requests.length = 0;
});
after(async () => {
  await registry.stop();
  assert.deepEqual(registry.violations, []);
});

const client = () => createSchemaRegistry({ url: `${registry.url}/`, timeoutMs: 500 });
const text = (schema: unknown): string => JSON.stringify(schema);

const REGION = { type: 'enum', name: 'Region', namespace: 'com.acme', symbols: ['MA', 'NY'] };
/** Our prediction under another namespace, in another order, with what is not ours. */
const THEIRS = {
  type: 'record',
  name: 'Prediction',
  namespace: 'com.acme',
  fields: [
    { name: 'where', type: 'com.acme.Region' },
    { name: 'timestamp', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 'no number' },
    { name: 'model', type: 'string' },
    { name: 'prediction_id', type: 'string', default: 7 },
    { name: 'features', type: { type: 'map', values: 'double' } },
  ],
};

test('a schema is read with all that it refers to, each behind its own references', async () => {
  registry.register('zone', { schema: text({ type: 'enum', name: 'Zone', symbols: ['a'] }) });
  registry.register('a/region', {
    schema: text(REGION),
    references: [{ name: 'Zone', subject: 'zone', version: 1 }],
  });
  const references = [
    { name: 'com.acme.Region', subject: 'a/region', version: 1 },
    { name: 'Zone', subject: 'zone', version: 1 },
  ];
  const id = registry.register('p-value', { schema: text(THEIRS), references });
  const schema = await client().schema(id);
  assert.equal(schema?.type, 'AVRO');
  assert.deepEqual(
    schema.texts.map((one) => (JSON.parse(one) as { name: string }).name),
    ['Zone', 'Region', 'Prediction'],
  );
});

test('only "schema not found" says that there is none; all else is a registry that is away', async () => {
  assert.equal(await client().schema(999_999), null);
  const troubles = [
    null,
    { status: 404, body: '<html>' },
    { status: 404, body: '{"error_code": 404, "message": "HTTP 404 Not Found"}' },
    { status: 200, body: '<html>sign in' },
    { status: 200, body: '{"schema": 5}' },
    { status: 200, body: '{"schema": "{}", "references": [{}]}' },
    { status: 302, body: '' },
    { status: 401, body: '{"error_code": 401}' },
    { status: 500, body: '{"error_code": 50001}' },
  ];
  for (const trouble of troubles) {
    registry.trouble = trouble;
    const isAway = (error: unknown) =>
      error instanceof RegistryUnavailableError && error.message.includes(`${registry.url}/schemas/ids/1`);
    await assert.rejects(client().schema(1), isAway, JSON.stringify(trouble));
  }
});

test('a schema that refers to itself is not followed for ever', async () => {
  const references = [{ name: 'Loop', subject: 'loop', version: 1 }];
  const id = registry.register('loop', { schema: text({ type: 'enum', name: 'Loop', symbols: ['a'] }), references });
  assert.equal((await client().schema(id))?.texts.length, 2);
});

test('Confluent wire format is read once its schema has been asked for, whoever registered it', async () => {
  const codec = createCodec({ encoding: 'json', registry: client() });
  const reader = codec.predictionReader({ texts: true });
  registry.register('region', { schema: text(REGION) });
  const references = [{ name: 'com.acme.Region', subject: 'region', version: 1 }];
  const id = registry.register('theirs', { schema: text(THEIRS), references });
  const types: { [name: string]: avsc.Type } = {};
  avsc.Type.forSchema(REGION as avsc.Schema, { registry: types });
  const { fields } = THEIRS;
  const plainFields = fields.map(({ name, type }) => ({ name, type }));
  const type = avsc.Type.forSchema({ ...THEIRS, fields: plainFields } as avsc.Schema, { registry: types });
  const event = (a: number) =>
    confluent(id, type.toBuffer({ prediction_id: 'p', model: 'm', timestamp: 5, features: { a, b: 2 }, where: 'NY' }));
  assert.equal(codec.missingSchema(event(1)), id);
  await Promise.all([codec.askForSchema(id), codec.askForSchema(id)]);
  assert.equal(codec.missingSchema(event(1)), null);
  assert.equal(registry.requests.filter((path) => path.startsWith('GET /schemas')).length, 1);
  const block = new PredictionBlock();
  for (const a of [1, 7, 9]) assert.equal(reader.read(event(a), a, 2, block), 'read');
  assert.deepEqual([block.cell(0, 0), block.cell(0, 1), block.cell(1, 2), block.id(2)], [1, 7, 2, 'p']);
  assert.deepEqual((JSON.parse(block.texts[2]!) as { features: unknown }).features, { a: 9, b: 2 });
});

test('batches and labels come in Confluent wire format too', async () => {
  const codec = createCodec({ encoding: 'json', registry: client() });
  const batchId = registry.register('batch', { schema: text(BATCH_SCHEMA) });
  await codec.askForSchema(batchId);
  const batch = {
    model: 'm',
    version: '',
    role: 'champion',
    prediction_ids: ['a', 'b'],
    timestamps: times([1, 2]),
    columns: [numeric('x', [3, 4])],
  };
  const block = new PredictionBlock();
  const value = confluent(batchId, batchType.toBuffer(batch));
  assert.equal(codec.predictionReader({ texts: false }).read(value, 1, 2, block), 'read');
  assert.deepEqual([block.cell(0, 0), block.cell(0, 1)], [3, 4]);
  const label = avsc.Type.forSchema({
    type: 'record',
    name: 'Label',
    fields: ['prediction_id', 'model', 'label']
      .map((name) => ({ name, type: 'string' }))
      .concat({ name: 'timestamp', type: 'long' }),
  } as avsc.Schema);
  const labelId = registry.register('label', { schema: JSON.stringify(label) });
  const labelled = confluent(labelId, label.toBuffer({ prediction_id: 'p', model: 'm', label: 'yes', timestamp: 4 }));
  await codec.askForSchema(labelId);
  const decoded = codec.decodeLabel(labelled);
  assert.ok(decoded.ok, JSON.stringify(decoded));
  assert.equal(decoded.value.label, 'yes');
});

test('a schema that is none, is no Avro, or is no event of ours, makes dead letters that say so', async () => {
  const codec = createCodec({ encoding: 'json', registry: client() });
  const reader = codec.predictionReader({ texts: false });
  const other = { type: 'record', name: 'Other', fields: [{ name: 'x', type: 'int' }] };
  const cases: [Buffer, string, RegExp][] = [
    [
      confluent(registry.register('s1', { schema: 'x', schemaType: 'PROTOBUF' }), Buffer.alloc(3)),
      'unknown_schema',
      /PROTOBUF/,
    ],
    [confluent(registry.register('s2', { schema: 'x' }), Buffer.alloc(3)), 'unknown_schema', /cannot be used/],
    [confluent(registry.register('s3', { schema: '"string"' }), Buffer.alloc(3)), 'unknown_schema', /is a record/],
    [
      confluent(registry.register('s4', { schema: text(other) }), Buffer.alloc(1)),
      'unknown_schema',
      /Other cannot be read/,
    ],
    [confluent(88_888, Buffer.alloc(1)), 'unknown_schema', /no schema 88888/],
    [confluent(0xff_ff_ff_ff, Buffer.alloc(1)), 'unknown_schema', /no id/],
    [Buffer.from([0, 0, 1]), 'malformed_avro', /Confluent/],
  ];
  for (const [value, code, message] of cases) {
    const id = codec.missingSchema(value);
    if (id !== null) await codec.askForSchema(id);
    assert.equal(codec.missingSchema(value), null);
    const outcome = reader.read(value, 1, 2, new PredictionBlock());
    assert.ok(typeof outcome === 'object', String(outcome));
    assert.equal(outcome.code, code);
    assert.match(outcome.message, message);
  }
});
