import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { appendPrediction } from '../../../lib/core/events/append.ts';
import { PredictionBlock } from '../../../lib/core/events/block.ts';
import { ShapeCatalog } from '../../../lib/core/events/shape.ts';
import type { Rejection } from '../../../lib/core/events/types.ts';
import { Random } from '../../core/json/random.ts';
import { said } from '../../support/block-says.ts';
import { prediction, schemaOf, single } from './samples.ts';

const ROUNDS = Number(process.env.DRIFTLINE_FUZZ ?? 200_000);
const codec = createCodec({ encoding: 'json' });

/** By JSON.parse and the validation that everybody else uses. */
function oracle(value: Buffer, offset: number): unknown {
  const decoded = codec.decodePrediction(value);
  if (!decoded.ok) return decoded.rejection;
  const block = new PredictionBlock();
  assert.ok(
    appendPrediction(block, new ShapeCatalog(), decoded.value, { offset, arrival: 7, source: value, text: null }),
  );
  return said(block);
}

/** Avro that begins well and ends too early: what it left behind must not be taken for the next event's. */
const WHOLE = single(schemaOf('prediction.avsc'), prediction);
const BROKEN = WHOLE.subarray(0, -3);

class Subject {
  readonly #reader = codec.predictionReader({ texts: false });
  readonly #block = new PredictionBlock();

  constructor() {
    for (let i = 0; i < 3; i++) {
      assert.equal(this.#reader.read(WHOLE, i, 7, this.#block), 'read');
      this.#block.clear();
    }
  }

  read(value: Buffer, offset: number): unknown {
    if (offset % 16 === 0) assert.notEqual(this.#reader.read(BROKEN, offset, 7, this.#block), 'read');
    const outcome: 'read' | 'full' | Rejection = this.#reader.read(value, offset, 7, this.#block);
    assert.notEqual(outcome, 'full');
    if (outcome !== 'read') return outcome;
    const result = said(this.#block);
    this.#block.clear();
    return result;
  }
}

/** Mostly the first, now and then one of the others. */
function mostly(random: Random, usual: string, ...others: string[]): string {
  return random.below(25) === 0 ? random.pick(others) : usual;
}

function usualValue(random: Random): string {
  return random.pick([
    random.decimal(),
    String(random.fraction() * 1000),
    String(random.below(100)),
    random.pick(['null', 'true', 'false', '"red"', '"0 - 20K €"', '""', '[1,2.5,-3e2]', '[]']),
  ]);
}

const HOSTILE_VALUES = [
  '"a\\u0041\\n"',
  '"\\ud800"',
  '[1, 2]',
  '["a"]',
  '[null]',
  '{}',
  '{"a":1}',
  '[[1]]',
  `"${'x'.repeat(300)}"`,
  `"${'x'.repeat(70_000)}"`,
  '01',
  'nul',
];

function event(random: Random): string {
  const value = () => mostly(random, usualValue(random), ...HOSTILE_VALUES);
  const number = () => mostly(random, random.pick([random.decimal(), 'null', '0.25']), usualValue(random));
  const text = () => mostly(random, random.pick(['"red"', '"x"', 'null']), usualValue(random));
  const sometimes = (field: () => string): string[] => (random.below(3) === 0 ? [field()] : []);
  const names = random.pick([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
    ['2', '1', 'x'],
    ['grösse', 'é€'],
    ['__proto__', 'constructor'],
    [],
  ]);
  const output = () =>
    random.pick([
      `{"label":${text()},"score":${number()}}`,
      `{"probabilities":{"0":${number()}}}`,
      `{"value":${number()},"more":${value()}}`,
      '{}',
      'null',
    ]);
  const fields = [
    `"prediction_id":${mostly(random, '"p-17"', '"p-18"', '"é"', '""', '7', 'null', `"${'i'.repeat(257)}"`, '"a b"')}`,
    `"model":${mostly(random, '"m"', '"other"', '"bad name"', 'null', '""', '"m:1"')}`,
    `"timestamp":${mostly(random, '1540922400000', '1540922400000.5', '"2018-10-30T18:00:00Z"', '-1', '"yesterday"', 'null', '1e12')}`,
    `"features":${mostly(random, `{${names.map((name) => `"${name}":${value()}`).join(',')}}`, value())}`,
    ...sometimes(() => `"version":${mostly(random, '"1"', '1', 'null', '""')}`),
    ...sometimes(() => `"role":${mostly(random, '"challenger"', '""', 'null', '"ch llenger"', '5')}`),
    ...sometimes(() => `"prediction":${mostly(random, output(), '5', '"x"')}`),
    ...sometimes(() => `"segments":${mostly(random, `{"region":${text()}}`, 'null', '5')}`),
    ...sometimes(() => `"protected":{"SEX":${text()}}`),
    ...sometimes(() => `"latency_ms":${number()}`),
    ...sometimes(() => `"error":${text()}`),
    ...sometimes(() => `"label":${text()}`),
    ...sometimes(() => `"request_id":${text()}`),
    ...sometimes(() => `"attributions":{"a":${number()}}`),
    ...sometimes(() => `"unknown":${value()}`),
    ...sometimes(() => mostly(random, '"more":1', `"__proto__":${value()}`, '"model":"twice"')),
  ];
  if (random.below(10) === 0) fields.reverse();
  const space = random.below(6) === 0 ? ' ' : '';
  return `{${fields.join(`,${space}`)}}${random.below(20) === 0 ? '\n' : ''}`;
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length);
  switch (random.below(4)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      copy[at] = random.below(256);
      return copy;
    case 2:
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.from([random.pick([0x22, 0x5c, 0x2c, 0x7d, 0x30, 0xff, 0x0a])]),
        copy.subarray(at),
      ]);
    default:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + random.below(3))]);
  }
}

/** The same event with other numbers and texts where there were some: what a learned form is for. */
function alike(text: string, random: Random): string {
  return text
    .replace(/:(-?\d+(\.\d+)?)(?=[,}])/g, (whole) =>
      random.below(2) === 0 ? `:${random.pick([random.decimal(), String(random.fraction())])}` : whole,
    )
    .replace(/"(red|p-17|1)"/g, () => random.pick(['"green"', '"p-18"', '"x"', '"é"', '"\\t"']));
}

test('whatever a stream brings, each event is read as JSON.parse and the validation read it', () => {
  const random = new Random(Number(process.env.DRIFTLINE_FUZZ_SEED ?? 4));
  let subject = new Subject();
  let text = event(random);
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (random.below(8) === 0) text = event(random);
    if (random.below(20_000) === 0) subject = new Subject();
    const whole = Buffer.from(random.below(2) === 0 ? alike(text, random) : text);
    const bytes = random.below(5) === 0 ? damaged(whole, random) : whole;
    const expected = oracle(bytes, round);
    assert.deepEqual(subject.read(bytes, round), expected, JSON.stringify(bytes.toString('latin1')));
    if (typeof (expected as { id?: unknown }).id === 'string') accepted += 1;
  }
  assert.ok(accepted > ROUNDS / 3, `only ${accepted} events were accepted`);
});
