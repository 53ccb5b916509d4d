import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HEADERS, TOPICS } from '../../lib/core/messages/types.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (...names: string[]): string => readFileSync(join(ROOT, ...names), 'utf8');

/** First cells of the table rows below a heading of docs/topics.md. */
function documented(heading: string): string[] {
  const section = read('docs', 'topics.md')
    .split('\n## ')
    .find((part) => part.startsWith(`${heading}\n`));
  assert.ok(section, `docs/topics.md has a section "${heading}"`);
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]!).sort();
}

test('docs/topics.md lists every rejection code and no other', () => {
  const type = read('lib', 'core', 'events', 'types.ts').match(/export type RejectionCode =([^;]+);/)![1]!;
  const codes = [...type.matchAll(/'([a-z_]+)'/g)].map((match) => match[1]!);
  assert.ok(codes.length > 5);
  assert.deepEqual(documented('Dead letters'), codes.sort());
});

test('docs/topics.md lists every header and every topic', () => {
  assert.deepEqual(documented('Headers'), Object.values(HEADERS).sort());
  const text = read('docs', 'topics.md');
  for (const topic of Object.values(TOPICS)) assert.ok(text.includes(`| \`${topic}\` |`), topic);
});

test('every schema is a record whose optional fields carry a default, so that both sides may change first', () => {
  const files = readdirSync(join(ROOT, 'schemas')).filter((name) => name.endsWith('.avsc'));
  const expected = ['alert', 'dead-letter', 'label', 'prediction', 'prediction-batch', 'windows'];
  assert.deepEqual(files.sort(), expected.map((name) => `${name}.avsc`).sort());
  for (const file of files) {
    const { fields } = JSON.parse(read('schemas', file)) as {
      fields: { name: string; type: unknown; default?: unknown }[];
    };
    for (const { name, type, ...rest } of fields) {
      const nullable = Array.isArray(type) && type[0] === 'null';
      if (nullable) assert.equal(rest.default, null, `${file}: ${name}`);
    }
  }
});

test('the first alert schema knows every state, with unknown as the default', () => {
  const { fields } = JSON.parse(read('schemas', 'alert.avsc')) as {
    fields: { name: string; type: Record<string, unknown> }[];
  };
  const state = fields.find(({ name }) => name === 'state')!.type;
  assert.equal(state.default, 'unknown');
  assert.deepEqual(state.symbols, ['pending', 'firing', 'updated', 'acknowledged', 'resolved', 'withdrawn', 'unknown']);
});
