import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { select, startDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DAY = 86_400_000;
const dir = mkdtempSync(join(tmpdir(), 'driftline-bad-'));
const stops: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
  rmSync(dir, { recursive: true, force: true });
});

function kcat(bootstrap: string, args: readonly string[], input = ''): string {
  const result = spawnSync('kcat', ['-b', bootstrap, ...args], { input, encoding: 'utf8', timeout: 30_000 });
  assert.equal(result.status, 0, `kcat ${args.join(' ')}: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}

/** The bytes of events in Avro single-object encoding, by fastavro, whose JSON reader takes NaN. */
function avro(lines: readonly string[]): Buffer[] {
  const out = join(dir, 'avro');
  mkdirSync(out);
  const script = [join(ROOT, 'test/support/avro_events.py'), join(ROOT, 'schemas/prediction.avsc'), out];
  const input = `${lines.join('\n')}\n`;
  const result = spawnSync(join(ROOT, '.cache/python/bin/python'), script, { input, encoding: 'utf8' });
  assert.equal(result.status, 0, result.error?.message ?? result.stderr);
  return lines.map((_, index) => readFileSync(join(out, `${String(index).padStart(6, '0')}.avro`)));
}

let serial = 0;
function event(more: object = {}): string {
  serial += 1;
  return JSON.stringify({
    prediction_id: `p${serial}`,
    model: 'm',
    timestamp: Date.now(),
    features: { x: 1 },
    ...more,
  });
}

interface DeadLetter {
  code: string;
  path: string;
  message: string;
  topic: string;
  partition: number;
  offset: number;
  value_base64: string | null;
}

test('bad records on Kafka: dead letters with reason and origin, losses, and every neighbour counted', async () => {
  const broker = await startKafkaBroker({ own: true });
  stops.push(() => broker.stop());
  writeFileSync(
    join(dir, 'driftline.yaml'),
    [
      `log: {kind: kafka, brokers: ["${broker.bootstrap}"], partitions: 1}`,
      'store: {kind: embedded}',
      'aggregation: {flush_interval: 200ms}',
    ].join('\n'),
  );
  const args = ['--config', join(dir, 'driftline.yaml'), '--data', join(dir, 'data'), '--port', '0', '--sql-port', '0'];
  const driftline = await startDriftline(['standalone', ...args]);
  stops.push(async () => assert.equal(await driftline.end('SIGTERM'), 0, driftline.output().stderr));

  const number = (text: string) => event().replace('"x":1', `"x":${text}`);
  const [whole, nan, infinite] = avro([event(), number('NaN'), number('-Infinity')]) as [Buffer, Buffer, Buffer];
  const unknownSchema = Buffer.concat([whole.subarray(0, 2), Buffer.alloc(8, 7), whole.subarray(10)]);
  const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`f${index}`, index]));
  const bad: [value: Buffer | string, code: string, path: string][] = [
    ['{"prediction_id": ', 'malformed_json', ''],
    [Buffer.from([0x7b, 0xff, 0xfe]), 'malformed_json', ''],
    [whole.subarray(0, whole.length - 3), 'malformed_avro', ''],
    [unknownSchema, 'unknown_schema', ''],
    [Buffer.from([0, 0, 0, 0, 1, 2, 3]), 'unknown_schema', ''],
    ['[]', 'wrong_type', ''],
    ['{"prediction_id":"b","model":"m","timestamp":1}', 'missing_field', 'features'],
    ['{"prediction_id":"b","model":"m","timestamp":1,"features":"x"}', 'wrong_type', 'features'],
    ['{"prediction_id":"b","model":"../m","timestamp":1,"features":{"x":1}}', 'bad_name', 'model'],
    ['{"prediction_id":"b","model":"m","timestamp":1e300,"features":{"x":1}}', 'bad_timestamp', 'timestamp'],
    [event({ features: many }), 'too_large', 'features'],
  ];
  const lost = [event({ timestamp: Date.now() - 400 * DAY }), event({ timestamp: '9999-01-01' })];
  const odd = [nan, infinite, event().replace('"x":1', '"__proto__":1'), event({ model: 'stranger' })];
  const values = [...bad.flatMap(([value]) => [value, event()]), ...lost, ...odd, whole];
  const files = values.map((value, index) => {
    const file = join(dir, `value-${index}`);
    writeFileSync(file, value);
    return file;
  });
  const topic = ['-t', 'driftline.predictions', '-p', '0'];
  kcat(broker.bootstrap, ['-P', ...topic, ...files]);
  // With a key delimiter and -Z a line without a value is a record without one.
  kcat(broker.bootstrap, ['-P', '-Z', '-K', ':', ...topic], 'gone:\n');

  const good = bad.length + odd.length + 1;
  const counted = async () => {
    const [row] = await select<{ n: number }>(driftline.sql, 'SELECT toFloat64(sum(events)) AS n FROM operations');
    return row?.n;
  };
  await eventually('the neighbours', async () => (await counted()) === good);

  const expected = [
    ...bad.map(([value, code, path], index) => ({ code, path, offset: index * 2, value: Buffer.from(value) })),
    { code: 'empty', path: '', offset: values.length, value: null },
  ];
  const letters = () =>
    kcat(broker.bootstrap, ['-C', '-q', '-e', '-t', 'driftline.dead-letters', '-o', 'beginning'])
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as DeadLetter)
      .sort((a, b) => a.offset - b.offset);
  await eventually('the dead letters', () => letters().length >= expected.length);
  const read = letters();
  assert.deepEqual(
    read.map(({ code, path, offset }) => ({ code, path, offset })),
    expected.map(({ code, path, offset }) => ({ code, path, offset })),
  );
  for (const [index, letter] of read.entries()) {
    assert.deepEqual([letter.topic, letter.partition], ['driftline.predictions', 0]);
    assert.notEqual(letter.message, '');
    const original = letter.value_base64 === null ? null : Buffer.from(letter.value_base64, 'base64');
    assert.deepEqual(original, expected[index]?.value, 'the original bytes');
  }

  const losses = await select(
    driftline.sql,
    'SELECT reason, toFloat64(first_offset) AS first, toFloat64(last_offset) AS last, toFloat64(events) AS n FROM losses ORDER BY reason',
  );
  const first = bad.length * 2;
  assert.deepEqual(losses, [
    { reason: 'beyond_horizon', first, last: first, n: 1 },
    { reason: 'future', first: first + 1, last: first + 1, n: 1 },
  ]);
  const odder = await select<{ x: string }>(
    driftline.sql,
    "SELECT JSONExtractString(event, 'features', 'x') AS x FROM predictions WHERE JSONType(event, 'features', 'x') = 'String' ORDER BY x",
  );
  assert.deepEqual(
    odder.map(({ x }) => x),
    ['-Infinity', 'NaN'],
    'visible where JSON has no word for them',
  );
  const stats = await select(
    driftline.sql,
    "SELECT feature, toFloat64(count - missing) AS present, toFloat64(`nan`) AS nans, toFloat64(infinite) AS infinite FROM feature_stats WHERE model = 'm' ORDER BY feature",
  );
  assert.deepEqual(stats, [
    { feature: '__proto__', present: 1, nans: 0, infinite: 0 },
    { feature: 'x', present: good - 2, nans: 1, infinite: 1 },
  ]);
  const models = await select(driftline.sql, 'SELECT model, declared, monitored FROM models ORDER BY model');
  assert.deepEqual(models, [
    { model: 'm', declared: 0, monitored: 0 },
    { model: 'stranger', declared: 0, monitored: 0 },
  ]);
});
