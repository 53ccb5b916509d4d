import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import avsc from 'avsc';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { createSchemaRegistry } from '../../../lib/adapters/schema-registry/index.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { eventually } from '../../support/eventually.ts';
import { readAll } from '../../support/read-all.ts';
import { ContractRegistry, confluent } from '../../support/schema-registry.ts';
import { Worlds } from './harness.ts';

const worlds = new Worlds();
let registry: ContractRegistry;
before(async () => {
  registry = await ContractRegistry.start();
  await worlds.open();
});
after(async () => {
  await worlds.close();
  await registry.stop();
});

const START = Date.UTC(2024, 0, 1);
const record = (name: string, fields: [string, unknown][]) => ({
  type: 'record',
  name,
  fields: fields.map(([field, type]) => ({ name: field, type })),
});
const PREDICTION = record('Prediction', [
  ['prediction_id', 'string'],
  ['model', 'string'],
  ['timestamp', 'long'],
  ['features', { type: 'map', values: 'double' }],
]);
const LABEL = record('Label', [
  ['prediction_id', 'string'],
  ['model', 'string'],
  ['label', 'double'],
  ['timestamp', 'long'],
]);

function serializer(subject: string, schema: object): (value: unknown) => Buffer {
  const type = avsc.Type.forSchema(schema as avsc.Schema);
  const id = registry.register(subject, { schema: JSON.stringify(schema) });
  return (value) => confluent(id, type.toBuffer(value));
}

test('while the registry is away records wait and are not lost; an id that it does not know is a dead letter', async () => {
  const world = await worlds.world({ horizonMs: 1e13 }, [], 1);
  const prediction = serializer('predictions', PREDICTION);
  const label = serializer('labels', LABEL);
  const event = (i: number) => ({ prediction_id: `p${i}`, model: 'm', timestamp: START + i, features: { a: i } });
  const avro = [1, 2, 3].map((i) => prediction(event(i)));
  await world.send(0, [event(0), ...avro.slice(0, 2), confluent(999, Buffer.alloc(4)), avro[2], event(4)]);
  const labels = [
    label({ prediction_id: 'p1', model: 'm', label: 1, timestamp: START }),
    confluent(998, Buffer.alloc(1)),
  ];
  await world.log.append(
    TOPICS.labels,
    labels.map((value) => ({ key: null, value, partition: 0 })),
  );

  registry.trouble = { status: 503, body: 'starting' };
  const codec = createCodec({ encoding: 'json', registry: createSchemaRegistry({ url: registry.url }) });
  const service = await world.start({ codec });
  await eventually('the wait is told', () => /schema registry .*503/.test(service.notReady() ?? ''));
  // What was read before the wait is durable meanwhile.
  await eventually('the first event is durable', async () => {
    const [row] = await world.store.query<{ reach: number }>('SELECT max(reach) AS reach FROM manifest_rows');
    return row!.reach === 1;
  });
  assert.deepEqual(await readAll(world.log, TOPICS.deadLetters), []);

  registry.trouble = undefined;
  await world.settled();
  const ids = await world.store.query<{ id: string }>(
    'SELECT prediction_id AS id FROM prediction_rows FINAL ORDER BY offset',
  );
  assert.deepEqual(
    ids.map(({ id }) => id),
    ['p0', 'p1', 'p2', 'p3', 'p4'],
  );
  await eventually('the label is stored', async () => {
    const [stored] = await world.store.query<{ n: number }>('SELECT count() AS n FROM label_rows FINAL');
    return stored!.n === 1;
  });
  await eventually('both letters', async () => (await readAll(world.log, TOPICS.deadLetters)).length === 2);
  const letters = (await readAll(world.log, TOPICS.deadLetters)).map(
    ({ value }) => JSON.parse(value!.toString()) as Record<string, unknown>,
  );
  assert.deepEqual(letters.map(({ topic, code, offset }) => [topic, code, offset]).sort(), [
    [TOPICS.labels, 'unknown_schema', 1],
    [TOPICS.predictions, 'unknown_schema', 3],
  ]);
  assert.equal(service.notReady(), null);
  assert.deepEqual(registry.violations, []);
});
