import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { type Json, prediction, SCHEMAS, schemaOf, single } from './samples.ts';

const codec = createCodec({ encoding: 'avro' });
const temporary: string[] = [];
after(() => {
  for (const directory of temporary) rmSync(directory, { recursive: true });
});

/** A copy of the schemas with one more in its history. */
function withHistory(name: string, schema: Json): string {
  const directory = mkdtempSync(join(tmpdir(), 'driftline-schemas-'));
  temporary.push(directory);
  cpSync(SCHEMAS, directory, { recursive: true });
  mkdirSync(join(directory, 'history'), { recursive: true });
  writeFileSync(join(directory, 'history', name), JSON.stringify(schema));
  return directory;
}

test('bytes of an older writer: absent fields take their defaults', () => {
  const schema = schemaOf('prediction.avsc');
  const fields = (schema.fields as { name: string }[]).filter(
    ({ name }) => !['role', 'segments', 'attributions'].includes(name),
  );
  const older = { ...schema, fields };
  const reader = createCodec({ encoding: 'avro', schemas: withHistory('prediction-0.avsc', older) });
  const decoded = reader.decodePrediction(single(older, prediction));
  assert.ok(decoded.ok);
  assert.deepEqual([decoded.value.role, decoded.value.segments.size, decoded.value.features.size], ['champion', 0, 6]);
});

test('bytes of a newer writer: fields this version does not know are left out, a new state is unknown', () => {
  const schema = schemaOf('prediction.avsc');
  const newer = { ...schema, fields: [{ name: 'tenant', type: 'string' }, ...(schema.fields as Json[])] };
  const reader = createCodec({ encoding: 'avro', schemas: withHistory('prediction-2.avsc', newer) });
  const decoded = reader.decodePrediction(single(newer, { ...prediction, tenant: 'a' }));
  assert.deepEqual(decoded, codec.decodePrediction(single(schema, prediction)));

  const alerts = schemaOf('alert.avsc');
  const state = { type: 'enum', name: 'AlertState', symbols: ['snoozed', 'unknown'], default: 'unknown' };
  const newerAlert = {
    ...alerts,
    fields: (alerts.fields as Json[]).map((field) => (field.name === 'state' ? { ...field, type: state } : field)),
  };
  const alertReader = createCodec({ encoding: 'avro', schemas: withHistory('alert-2.avsc', newerAlert) });
  const message = {
    episode: 'e',
    revision: 1,
    state: 'snoozed',
    monitor: 'm',
    model: 'm',
    version: '',
    role: 'r',
    segment: '',
    severity: 'error',
    since: 1,
    as_of: 1,
    incident: null,
    members: [],
    reason: '',
    advice: '',
  };
  assert.equal(alertReader.decodeAlert(single(newerAlert, message)).state, 'unknown');
  assert.equal(codec.decodeAlert(Buffer.from(JSON.stringify(message))).state, 'unknown');
});

test('schemas that cannot be used are refused at the start, by file', () => {
  const bomb = { type: 'record', name: 'Label', fields: [{ name: 'a', type: { type: 'array', items: 'null' } }] };
  assert.throws(
    () => createCodec({ encoding: 'json', schemas: withHistory('bomb.avsc', bomb) }),
    /bomb\.avsc.*without bytes/,
  );
  const incompatible = { type: 'record', name: 'Label', namespace: 'driftline', fields: [] };
  assert.throws(() => createCodec({ encoding: 'json', schemas: withHistory('x.avsc', incompatible) }), /x\.avsc/);
});
