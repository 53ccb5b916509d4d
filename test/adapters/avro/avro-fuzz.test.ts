import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import avsc from 'avsc';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { appendPrediction } from '../../../lib/core/events/append.ts';
import { PredictionBlock } from '../../../lib/core/events/block.ts';
import { ShapeCatalog } from '../../../lib/core/events/shape.ts';
import { predictionToText } from '../../../lib/core/events/to-json.ts';
import { Random } from '../../core/json/random.ts';
import { singleObject } from '../../support/batches.ts';
import { said } from '../../support/block-says.ts';

const ROUNDS = Number(process.env.DRIFTLINE_FUZZ ?? 200_000);
const SEED = Number(process.env.DRIFTLINE_FUZZ_SEED ?? 6);
const SCHEMAS = fileURLToPath(new URL('../../../schemas', import.meta.url));

type Fields = { name: string; type: unknown; default?: unknown }[];
const ours = JSON.parse(readFileSync(join(SCHEMAS, 'prediction.avsc'), 'utf8')) as { fields: Fields };

/** Schemas that resolve to the current one, further and further from it. */
const WRITERS: readonly { fields: Fields }[] = [
  ours,
  { ...ours, fields: [...ours.fields].reverse() },
  {
    ...ours,
    fields: [
      { name: 'timestamp', type: 'int' },
      { name: 'segments', type: { type: 'map', values: 'string' } },
      { name: 'more', type: ['null', 'string', { type: 'array', items: 'double' }] },
      { name: 'prediction_id', type: 'string' },
      { name: 'features', type: { type: 'map', values: 'float' } },
      { name: 'model', type: 'string' },
      { name: 'latency_ms', type: 'long' },
      { name: 'attributions', type: { type: 'map', values: 'double' } },
    ],
  },
  {
    ...ours,
    fields: ours.fields.map((field) =>
      field.name === 'features' ? { ...field, type: { type: 'map', values: ['double', 'null', 'int'] } } : field,
    ),
  },
  // Read by the library alone.
  { ...ours, fields: [...ours.fields, { name: 'nested', type: { type: 'record', name: 'Inner', fields: [] } }] },
];

const dir = mkdtempSync(join(tmpdir(), 'driftline-avro-fuzz-'));
after(() => rmSync(dir, { recursive: true, force: true }));
cpSync(SCHEMAS, dir, { recursive: true });
mkdirSync(join(dir, 'history'), { recursive: true });
for (const [index, schema] of WRITERS.entries()) {
  if (index > 0) writeFileSync(join(dir, 'history', `prediction-${index}.avsc`), JSON.stringify(schema));
}
const codec = createCodec({ encoding: 'json', schemas: dir });
const types = WRITERS.map((schema) => avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'always' }));

/** As one text, which is compared faster. */
function told(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? `${item}` : item,
  );
}

/** By avsc and the validation that everybody else uses. */
function oracle(value: Buffer, offset: number): unknown {
  const decoded = codec.decodePrediction(value);
  if (!decoded.ok) return decoded.rejection;
  const block = new PredictionBlock();
  const origin = { offset, arrival: 7, source: null, text: null };
  assert.ok(appendPrediction(block, new ShapeCatalog(), decoded.value, origin));
  return { said: told(said(block)), text: predictionToText(decoded.value) };
}

class Subject {
  readonly #texts: boolean;
  readonly #reader;
  readonly #block = new PredictionBlock();

  constructor(texts: boolean) {
    this.#texts = texts;
    this.#reader = codec.predictionReader({ texts });
  }

  check(value: Buffer, offset: number, expected: unknown): void {
    const outcome = this.#reader.read(value, offset, 7, this.#block);
    const hint = value.toString('hex');
    if (outcome !== 'read') {
      assert.deepEqual(outcome, expected, hint);
      return;
    }
    const { said: wanted, text } = expected as { said?: string; text?: string };
    assert.equal(told(said(this.#block)), wanted, hint);
    const got = this.#block.texts[0];
    if (this.#texts) assert.equal(got, text, hint);
    else assert.equal(got, null);
    this.#block.clear();
  }
}

const TEXTS = [
  'red',
  'x',
  '',
  'é€',
  'p-17',
  '0 - 20K €',
  'i'.repeat(256),
  'i'.repeat(257),
  'ü'.repeat(200),
  'bad name',
];
const NUMBERS = [0, -0, 1, 0.1, 1e308, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324, 123456.789];
const WHOLE = [0, 1, -1, 63, 64, 1_540_922_400_000, 2 ** 40, -(2 ** 33), 2 ** 52];

const wrap = (name: string, value: unknown) => ({ [name]: value });
const maybe = (random: Random, value: () => unknown) => (random.below(3) === 0 ? null : value());
const text = (random: Random) => (random.below(4) === 0 ? random.pick(TEXTS) : random.pick(['a', 'MA', 'v1']));

function scalar(random: Random): unknown {
  switch (random.below(7)) {
    case 0:
      return null;
    case 1:
      return wrap('boolean', random.below(2) === 0);
    case 2:
      return wrap('long', random.pick(WHOLE));
    case 3:
      return wrap('string', text(random));
    case 4:
      return wrap('double', random.pick(NUMBERS));
    default:
      return wrap('double', random.fraction() * 1000);
  }
}

function map<T>(names: readonly string[], value: () => T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value()]));
}

function names(random: Random): readonly string[] {
  return random.pick([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
    ['a', 'c'],
    ['c', 'b'],
    ['grösse', 'é€'],
    [],
    ['a\n'],
    ['latency_ms'],
  ]);
}

function event(random: Random, writer: number): Record<string, unknown> {
  const keys = names(random);
  const numbers = () => random.pick(NUMBERS);
  const vectors = random.below(6) === 0;
  const feature = (): unknown => {
    if (writer === 2) return random.pick([1, 0.5, Number.NaN]);
    if (writer === 3) return random.pick([null, wrap('int', random.below(100)), wrap('double', random.fraction())]);
    return vectors && random.below(3) === 0 ? wrap('array', [1, Number.NaN]) : scalar(random);
  };
  const output = () => ({
    label: maybe(random, () => wrap('string', text(random))),
    score: maybe(random, () => wrap('double', numbers())),
    value: maybe(random, () => wrap('double', numbers())),
    probabilities: random.below(4) > 0 ? null : wrap('map', map(['0', '1'], numbers)),
  });
  const sometimes = <T>(value: T, otherwise: T): T => (random.below(5) === 0 ? value : otherwise);
  return {
    prediction_id: random.below(8) === 0 ? text(random) : `p-${random.below(1e6)}`,
    model: sometimes(text(random), 'm'),
    version: text(random),
    role: sometimes(text(random), 'champion'),
    timestamp:
      writer === 2 ? random.below(2 ** 31) : sometimes(random.pick(WHOLE), 1_540_922_400_000 + random.below(1e6)),
    features: map(keys, feature),
    prediction: maybe(random, () => wrap('driftline.Output', output())),
    request_id: sometimes(wrap('string', text(random)), null),
    segments: map(random.pick([[], ['region'], ['region', 'x'], ['bad name']]), () => text(random)),
    protected: sometimes(
      map(['SEX'], () => text(random)),
      {},
    ),
    latency_ms: writer === 2 ? random.below(1_000) : maybe(random, () => wrap('double', numbers())),
    error: sometimes(wrap('string', text(random)), null),
    label: sometimes(scalar(random), null),
    attributions: writer === 2 ? map(keys, numbers) : sometimes(wrap('map', map(keys, numbers)), null),
    more: random.pick([null, wrap('string', text(random)), wrap('array', [1, 2])]),
    nested: {},
  };
}

/** Bytes that make lengths, counts and branches lie. */
const SPLICES = [
  [0x7f],
  [0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x01],
  [0x00],
  [0xff],
  [0xc3, 0x28],
  Array(10).fill(0x80),
];

function damaged(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  const splice = Buffer.from(random.pick(SPLICES) as number[]);
  switch (random.below(5)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: {
      const copy = Buffer.from(bytes);
      copy[at] = random.below(256);
      return copy;
    }
    case 2:
      return Buffer.concat([bytes.subarray(0, at), splice, bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), splice, bytes.subarray(at + splice.length)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(3))]);
  }
}

test('whatever a stream brings, each event is read as avsc and the validation read it', () => {
  const random = new Random(SEED);
  let subjects = [new Subject(false), new Subject(true)];
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (random.below(20_000) === 0) subjects = [new Subject(false), new Subject(true)];
    const writer = random.below(3) > 0 ? 0 : random.below(WRITERS.length);
    const whole = singleObject(types[writer]!, event(random, writer));
    const bytes = random.below(4) === 0 ? damaged(whole, random) : whole;
    const expected = oracle(bytes, round);
    random.pick(subjects).check(bytes, round, expected);
    if (typeof expected === 'object' && 'said' in expected!) accepted += 1;
  }
  assert.ok(accepted > ROUNDS / 3, `only ${accepted} events were accepted`);
});
