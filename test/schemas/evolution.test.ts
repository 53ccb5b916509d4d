import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createCodec } from '../../lib/adapters/avro/index.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/avro', import.meta.url));
const SCHEMAS = fileURLToPath(new URL('../../schemas', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'driftline-evolution-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const bytes = (name: string): Buffer => readFileSync(join(FIXTURES, `${name}.bin`));

/** Today's schemas with the fixture's writer schema in their history. */
function codecThatKnows(name: string) {
  const schemas = join(dir, name);
  cpSync(SCHEMAS, schemas, { recursive: true });
  mkdirSync(join(schemas, 'history'), { recursive: true });
  copyFileSync(join(FIXTURES, `${name}.avsc`), join(schemas, 'history', `${name}.avsc`));
  return createCodec({ encoding: 'avro', schemas });
}

const today = createCodec({ encoding: 'avro' });

test('records of today stay readable: a changed schema must leave the old one in schemas/history', () => {
  const prediction = today.decodePrediction(bytes('prediction'));
  assert.ok(prediction.ok, JSON.stringify(prediction));
  const { version, role, score, latencyMs, truth, features } = prediction.value;
  assert.deepEqual(
    { version, role, score, latencyMs, truth },
    { version: '3', role: 'challenger', score: 0.99, latencyMs: 12.5, truth: true },
  );
  assert.equal(features.get('__proto__'), 1.5);
  assert.equal(features.get('salary_range'), '0 - 20K €');
  const label = today.decodeLabel(bytes('label'));
  assert.ok(label.ok);
  assert.deepEqual({ ...label.value }, { predictionId: 'p1', model: 'car-loan', label: 1, timestamp: 1541000000000 });
  assert.equal(today.decodeAnnouncement(bytes('windows')).kind, 'windows');
  const progress = today.decodeAnnouncement(bytes('progress'));
  assert.ok(progress.kind === 'progress' && progress.passed === 1540922400000);
  const alert = today.decodeAlert(bytes('alert'));
  assert.deepEqual([alert.episode, alert.revision, alert.state, alert.members[0]?.effect], ['e1', 2, 'firing', 1.33]);
});

test('an older writer, with the required fields alone: the rest takes its defaults', () => {
  const decoded = codecThatKnows('prediction.older').decodePrediction(bytes('prediction.older'));
  assert.ok(decoded.ok, JSON.stringify(decoded));
  const { version, role, segments, latencyMs, features } = decoded.value;
  assert.deepEqual(
    { version, role, segments: segments.size, latencyMs },
    { version: '', role: 'champion', segments: 0, latencyMs: null },
  );
  assert.deepEqual([features.get('n'), features.get('age')], [7, null]);
});

test('a newer writer: what this release does not know is left out, the rest is read', () => {
  const decoded = codecThatKnows('prediction.newer').decodePrediction(bytes('prediction.newer'));
  assert.ok(decoded.ok, JSON.stringify(decoded));
  assert.equal(decoded.value.role, 'challenger');
  assert.equal(decoded.value.features.size, 6);
});

test('a writer schema that nobody registered is refused by name, not guessed at', () => {
  const decoded = today.decodePrediction(bytes('prediction.newer'));
  assert.ok(!decoded.ok);
  assert.equal(decoded.rejection.code, 'unknown_schema');
});
