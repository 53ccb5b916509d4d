import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/guarantees.md', ROOT), 'utf8').replaceAll(/\s+/g, ' ');
const REFERENCE = /`(test\/[\w./-]+\.test\.ts)`: "([^"]+)"/g;
const TITLE = /\b(?:test|it)(?:\.\w+)?\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;

interface Reference {
  file: string;
  beginning: string;
}

function references(text: string): Reference[] {
  return [...text.matchAll(REFERENCE)].map(([, file, beginning]) => ({ file: file!, beginning: beginning! }));
}

/** Titles of a file's tests; what a template fills in is left open. */
function titles(source: string): string[] {
  return [...source.matchAll(TITLE)].map(([, single, double, template]) =>
    (single ?? double ?? template)!.replaceAll("\\'", "'"),
  );
}

function missing(refs: readonly Reference[]): string[] {
  return refs.flatMap(({ file, beginning }) => {
    const path = fileURLToPath(new URL(file, ROOT));
    if (!existsSync(path)) return [`${file} does not exist`];
    const found = titles(readFileSync(path, 'utf8')).some((title) => title.split('$' + '{')[0]!.startsWith(beginning));
    return found ? [] : [`${file} has no test that begins with "${beginning}"`];
  });
}

test('every test that docs/guarantees.md names exists', () => {
  const refs = references(page);
  assert.ok(refs.length >= 20, `${refs.length} references`);
  assert.deepEqual(missing(refs), []);
});

test('every promise of docs/guarantees.md names a test; what is not promised need not', () => {
  const sections = readFileSync(new URL('docs/guarantees.md', ROOT), 'utf8').split(/^## /m).slice(1);
  for (const section of sections) {
    const promises = section.split(/^Not promised:$/m)[0]!;
    for (const promise of promises.split(/^- /m).slice(1)) {
      assert.notEqual(references(promise.replaceAll(/\s+/g, ' ')).length, 0, `no test is named for: ${promise.trim()}`);
    }
  }
});

test('the gate sees a test that is gone', () => {
  const [own] = references('`test/gates/guarantees.test.ts`: "the gate sees"');
  assert.deepEqual(missing([own!]), []);
  assert.match(missing([{ ...own!, beginning: 'no such test' }]).join(), /no test that begins/);
  assert.match(missing([{ ...own!, file: 'test/gates/none.test.ts' }]).join(), /does not exist/);
});
