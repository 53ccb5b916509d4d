import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { createSchemaRegistry } from '../../../lib/adapters/schema-registry/index.ts';
import { PredictionBlock } from '../../../lib/core/events/block.ts';
import type { Codec } from '../../../lib/ports/codec.ts';
import { numeric, times } from '../../support/batches.ts';
import { ContractRegistry } from '../../support/schema-registry.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
let registry: ContractRegistry;
let codec: Codec;
before(async () => {
  registry = await ContractRegistry.start();
  codec = createCodec({ encoding: 'json', registry: createSchemaRegistry({ url: registry.url }) });
});
after(async () => {
  await registry.stop();
  assert.deepEqual(registry.violations, []);
});

/** The bytes that the Python client's serializer makes of the events; it registers the schema. */
async function serialized(schema: string, events: readonly unknown[]): Promise<Buffer[]> {
  const script = at('test/adapters/schema-registry/serialize.py');
  const child = spawn(at('.cache/python/bin/python'), [script, registry.url, at(`schemas/${schema}`), schema]);
  child.stdin.end(events.map((event) => JSON.stringify(event)).join('\n'));
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.ok(out !== '', error);
  return out
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line, 'hex'));
}

async function asked(values: readonly Buffer[]): Promise<readonly Buffer[]> {
  const id = codec.missingSchema(values[0]!);
  assert.ok(id !== null);
  await codec.askForSchema(id);
  return values;
}

test("what confluent-kafka's AvroSerializer registers and sends is read", async () => {
  const event = (a: number) => ({
    prediction_id: `p${a}`,
    model: 'car-loan',
    version: '1',
    role: 'champion',
    timestamp: 1_540_922_400_000 + a,
    features: { car_value: a + 0.5, salary_range: '0 - 20K €', repaid: false, age: null, count: a },
    prediction: { label: '1', score: 0.99, value: null, probabilities: null },
    segments: { region: 'MA' },
    protected: {},
    latency_ms: 12.5,
  });
  const values = await asked(await serialized('prediction.avsc', [1, 2, 3].map(event)));
  const reader = codec.predictionReader({ texts: true });
  const block = new PredictionBlock();
  for (const [offset, value] of values.entries()) assert.equal(reader.read(value, offset, 7, block), 'read');
  assert.deepEqual(block.shape.columns.slice(0, 5), ['car_value', 'salary_range', 'repaid', 'age', 'count']);
  for (const row of [0, 1, 2]) {
    const cells = block.shape.columns.map((_, column) => block.cell(column, row));
    assert.deepEqual(cells, [row + 1.5, '0 - 20K €', false, null, row + 1, 0.99, '1', null, 12.5, 'MA']);
    assert.equal(block.id(row), `p${row + 1}`);
    assert.equal(block.timestamps[row], 1_540_922_400_001 + row);
  }
});

test('its columnar batches are read', async () => {
  const hex = (bytes: Buffer) => ({ hex: bytes.toString('hex') });
  const column = numeric('car_value', [1.5, Number.NaN, 3], [0, 0, 1]);
  const batch = {
    model: 'car-loan',
    version: '1',
    role: 'champion',
    prediction_ids: ['a', 'b', 'c'],
    timestamps: hex(times([1, 2, 3])),
    columns: [{ ...column, values: hex(column.values), missing: hex(column.missing) }],
  };
  const [value] = await asked(await serialized('prediction-batch.avsc', [batch]));
  const block = new PredictionBlock();
  assert.equal(codec.predictionReader({ texts: false }).read(value!, 1, 2, block), 'read');
  assert.deepEqual([block.cell(0, 0), block.cell(0, 1), block.cell(0, 2)], [1.5, Number.NaN, null]);
  assert.deepEqual([block.id(0), block.id(2)], ['a', 'c']);
});
