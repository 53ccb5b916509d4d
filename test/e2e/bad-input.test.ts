import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { openStandaloneWorld, type StandaloneWorld } from '../support/standalone-world.ts';

const DAY = 86_400_000;

let world: StandaloneWorld;
before(async () => {
  world = await openStandaloneWorld({ files: {}, config: ['aggregation: {flush_interval: 100ms}'] });
});
after(() => world.close());

let serial = 0;
function good(more: Record<string, unknown> = {}): Record<string, unknown> {
  serial += 1;
  return { prediction_id: `good-${serial}`, model: 'm', timestamp: Date.now(), features: { x: serial }, ...more };
}

async function counted(model = 'm'): Promise<number> {
  const [row] = await world.sql<{ n: number }>(
    `SELECT toFloat64(sum(events)) AS n FROM operations WHERE model = '${model}'`,
  );
  return row?.n ?? 0;
}

/** JSON texts of events nobody should send, with what is said of each. */
const BAD: [text: string, code: string, path: string][] = [
  ['7', 'wrong_type', ''],
  ['null', 'wrong_type', ''],
  ['{"model":"m","timestamp":1,"features":{"x":1}}', 'missing_field', 'prediction_id'],
  ['{"prediction_id":"b","timestamp":1,"features":{"x":1}}', 'missing_field', 'model'],
  ['{"prediction_id":"b","model":"m","features":{"x":1}}', 'missing_field', 'timestamp'],
  ['{"prediction_id":"b","model":"m","timestamp":1}', 'missing_field', 'features'],
  ['{"prediction_id":7,"model":"m","timestamp":1,"features":{"x":1}}', 'wrong_type', 'prediction_id'],
  ['{"prediction_id":"b","model":"m","timestamp":1,"features":[1]}', 'wrong_type', 'features'],
  ['{"prediction_id":"b","model":"m","timestamp":1,"features":{"x":{"y":1}}}', 'wrong_type', 'features.x'],
  ['{"prediction_id":"b","model":"m","timestamp":1,"prediction":{"score":"high"}}', 'wrong_type', 'prediction.score'],
  ['{"prediction_id":"b","model":"a b","timestamp":1,"features":{"x":1}}', 'bad_name', 'model'],
  ['{"prediction_id":"b","model":"__proto__ ","timestamp":1,"features":{"x":1}}', 'bad_name', 'model'],
  ['{"prediction_id":"b","model":"m","timestamp":"then","features":{"x":1}}', 'bad_timestamp', 'timestamp'],
  ['{"prediction_id":"b","model":"m","timestamp":-1,"features":{"x":1}}', 'bad_timestamp', 'timestamp'],
  ['{"prediction_id":"b","model":"m","timestamp":1e300,"features":{"x":1}}', 'bad_timestamp', 'timestamp'],
  ['{"prediction_id":"b","model":"m","timestamp":"2026-02-30","features":{"x":1}}', 'bad_timestamp', 'timestamp'],
  ['{"prediction_id":"b","__proto__":{"model":"m","timestamp":1,"features":{"x":1}}}', 'missing_field', 'features'],
];

test('bad events are rejected each with its index, code and path, and their neighbours are counted', async () => {
  const texts = BAD.flatMap(([text]) => [text, JSON.stringify(good())]);
  const answer = await world.post('predictions', `[${texts.join(',')}]`);
  assert.equal(answer.accepted, BAD.length);
  assert.deepEqual(
    answer.rejected.map(({ index, code, path }) => [index, code, path]),
    BAD.map(([, code, path], at) => [at * 2, code, path]),
  );
  for (const { message } of answer.rejected) assert.notEqual(message, '');
  await eventually('the neighbours', async () => (await counted()) === BAD.length);
});

test('NaN is no JSON: in lines it rejects its own line; as a whole body it is refused', async () => {
  const nan = '{"prediction_id":"nan","model":"nan","timestamp":1,"features":{"x":NaN}}';
  const neighbour = (): string => JSON.stringify(good({ model: 'nan' }));
  const { accepted, rejected } = await world.post('predictions', [neighbour(), nan, neighbour()].join('\n'));
  assert.deepEqual([accepted, rejected.map(({ index, code }) => [index, code])], [2, [[1, 'malformed_json']]]);
  await assert.rejects(world.post('predictions', nan), /answered 400.*malformed_body/);
  await eventually('the neighbours', async () => (await counted('nan')) === 2);
});

test('infinities and wrong types are counted as such, __proto__ is a feature like another', async () => {
  const event = (features: string, index: number): string =>
    `{"prediction_id":"f${index}","model":"odd","timestamp":${Date.now()},"features":${features}}`;
  const lines = ['{"x":1,"__proto__":5}', '{"x":1e999}', '{"x":-1e999}', '{"x":"one"}', '{"x":null}', '{"x":3}'];
  const { accepted } = await world.post('predictions', lines.map(event).join('\n'));
  assert.equal(accepted, lines.length);
  await eventually('the events', async () => (await counted('odd')) === lines.length);
  const stats = await world.sql(
    "SELECT feature, toFloat64(count) AS count, toFloat64(missing) AS missing, toFloat64(infinite) AS infinite, toFloat64(wrong_type) AS wrong, min, max FROM feature_stats WHERE model = 'odd' ORDER BY feature",
  );
  assert.deepEqual(stats, [
    { feature: '__proto__', count: 6, missing: 5, infinite: 0, wrong: 0, min: 5, max: 5 },
    { feature: 'x', count: 6, missing: 1, infinite: 2, wrong: 1, min: 1, max: 3 },
  ]);
});

test('absurd but readable times are accepted, counted in no window, and listed as losses', async () => {
  const times = [0, Date.now() - 400 * DAY, Date.now() + 2 * DAY, '9999-12-31T23:59:59Z'];
  const events = times.map((timestamp) => good({ model: 'times', timestamp }));
  assert.equal((await world.post('predictions', [...events, good({ model: 'times' })])).accepted, 5);
  await eventually('the event in time', async () => (await counted('times')) === 1);
  const losses = await world.sql(
    "SELECT reason, toFloat64(sum(events)) AS events FROM losses WHERE topic = 'driftline.predictions' GROUP BY reason ORDER BY reason",
  );
  assert.deepEqual(losses, [
    { reason: 'beyond_horizon', events: 2 },
    { reason: 'future', events: 2 },
  ]);
});

test('a model nobody declared is registered on sight and shown as unmonitored', async () => {
  await world.post('predictions', [good({ model: 'stranger', version: '7', role: 'shadow' })]);
  await eventually('the model', async () => (await counted('stranger')) === 1);
  const rows = await world.sql("SELECT declared, monitored, window FROM models WHERE model = 'stranger'");
  assert.deepEqual(rows, [{ declared: 0, monitored: 0, window: '1d' }]);
  assert.deepEqual(await world.sql("SELECT version, role FROM model_versions WHERE model = 'stranger'"), [
    { version: '7', role: 'shadow' },
  ]);
  const { models } = await world.api<{ models: { model: string; state: string }[] }>('/v1/models');
  assert.equal(models.find(({ model }) => model === 'stranger')?.state, 'unmonitored');
});

test('bodies that are too large are refused before they are read, and the process goes on', async () => {
  const post = (body: string) =>
    fetch(`${world.driftline.http}/v1/predictions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  assert.equal((await post(`"${'x'.repeat(17 * 1024 * 1024)}"`)).status, 413);
  assert.equal((await post(`[${'1,'.repeat(50_000)}1]`)).status, 413);
  const fat = good({ features: { text: 'x'.repeat(65_537) } });
  const { accepted, rejected } = await world.post('predictions', [fat, good()]);
  assert.deepEqual([accepted, rejected.map(({ index, code }) => [index, code])], [1, [[0, 'too_large']]]);
  assert.equal((await fetch(`${world.driftline.http}/readyz`)).status, 200);
});

test('labels: a bad one rejects itself; one from the future becomes a dead letter, its neighbours are kept', async () => {
  const label = (more: object): object => ({
    prediction_id: 'l1',
    model: 'm',
    label: 1,
    timestamp: Date.now(),
    ...more,
  });
  const sent = [
    label({}),
    label({ label: {} }),
    { model: 'm' },
    label({ prediction_id: 'l2', timestamp: Date.now() + DAY }),
  ];
  const { accepted, rejected } = await world.post('labels', [...sent, label({ prediction_id: 'l3' })]);
  assert.deepEqual(
    [accepted, rejected.map(({ index, code }) => [index, code])],
    [
      3,
      [
        [1, 'wrong_type'],
        [2, 'missing_field'],
      ],
    ],
  );
  await eventually('the labels', async () => (await world.sql('SELECT prediction_id FROM labels')).length === 2);
  assert.deepEqual(await world.sql('SELECT prediction_id FROM labels ORDER BY prediction_id'), [
    { prediction_id: 'l1' },
    { prediction_id: 'l3' },
  ]);
  const metrics = await (await fetch(`${world.driftline.http}/metrics`)).text();
  assert.match(
    metrics,
    /driftline_dead_letters_total\{[^}]*topic="driftline\.labels"[^}]*code="bad_timestamp"[^}]*\} 1/,
  );
});
