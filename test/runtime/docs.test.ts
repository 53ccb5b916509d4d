import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '../../lib/runtime/config/environment.ts';
import { avroRecordShape, modelShape, monitorShape } from '../../lib/runtime/config/schema.ts';
import { ERROR_CODES } from '../../lib/runtime/errors.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** First cells of a page's tables, as `code`. */
function documented(page: string): string[] {
  return [...read(page).matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '').sort();
}

/** Source below lib/ and services/, as one text. */
function sources(): string {
  const files = ['lib', 'services'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  return files
    .filter((name) => name.endsWith('.ts'))
    .map(read)
    .join('\n');
}

test('docs/configuration.md describes every key and no other', () => {
  const keys = [
    ...SETTINGS.map((setting) => setting.path.join('.')),
    ...Object.keys(modelShape).map((key) => `models[].${key}`),
    ...Object.keys(monitorShape).map((key) => `monitors[].${key}`),
    ...Object.keys(avroRecordShape).map((key) => `avro_records[].${key}`),
  ];
  assert.deepEqual(documented('docs/configuration.md'), keys.sort());
});

test('docs/errors.md describes every code, with its exit code and summary, and no other; every code is used', () => {
  assert.deepEqual(documented('docs/errors.md'), Object.keys(ERROR_CODES).sort());
  const text = read('docs/errors.md');
  const code = sources();
  for (const [name, { exit, summary }] of Object.entries(ERROR_CODES)) {
    assert.ok(text.includes(`| \`${name}\` | ${exit} | ${summary} |`), name);
    assert.ok(new RegExp(`'${name}'|ERROR_CODES\\.${name}\\b`).test(code), `${name} is never raised`);
  }
});

test('docs/metrics.md describes every metric that the source defines and no other', () => {
  const defined = [...sources().matchAll(/\b(?:counter|gauge|histogram)(?:<[^>]*>)?\(\s*[\w.]+,\s*'(driftline_\w+)'/g)];
  const names = [...new Set(defined.map((match) => match[1] ?? ''))].sort();
  assert.deepEqual(documented('docs/metrics.md'), names);
  assert.ok(names.length > 5, 'the pattern finds the definitions');
});
