import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'driftline-imports-'));
after(() => rmSync(dir, { recursive: true }));

/** One violation of each rule: rule, importing file, what it imports. Client libraries are planted from the rules below. */
const PLANTED: [rule: string, file: string, imported: string][] = [
  ['resolvable', 'lib/runtime/a.ts', './not-there.ts'],
  ['core-is-pure', 'lib/core/reads/a.ts', 'node:fs'],
  ['core-is-pure', 'lib/core/library/a.ts', 'zod'],
  ['core-is-pure', 'lib/core/outward/a.ts', '../../ports/good.ts'],
  ['ports-on-core', 'lib/ports/a.ts', '../runtime/good.ts'],
  ['adapter-inward', 'lib/adapters/x/a.ts', '../y/good.ts'],
  ['adapter-inward', 'lib/adapters/x/b.ts', '../../runtime/good.ts'],
  ['tables-on-ports', 'lib/tables/a.ts', '../adapters/y/good.ts'],
  ['migrations-on-ports', 'lib/migrations/a.ts', '../tables/good.ts'],
  ['registry-on-tables', 'lib/registry/a.ts', '../adapters/y/good.ts'],
  ['runtime-stands-alone', 'lib/runtime/b.ts', '../tables/good.ts'],
  ['lib-below-services', 'lib/registry/b.ts', '../../services/x/good.ts'],
  ['services-apart', 'services/y/a.ts', '../x/good.ts'],
  ['services-apart', 'services/y/b.ts', '../wiring.ts'],
  ['roots-choose-adapters', 'services/y/c.ts', '../../lib/adapters/y/good.ts'],
  ['source-without-tests', 'services/y/d.ts', '../../test/good.ts'],
];
const GOOD = [
  'lib/ports/good.ts',
  'lib/runtime/good.ts',
  'lib/adapters/y/good.ts',
  'lib/tables/good.ts',
  'services/x/good.ts',
  'services/wiring.ts',
  'test/good.ts',
];

function plant(file: string, text: string): void {
  const path = join(dir, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function check(): { status: number | null; stdout: string; violations: string[] } {
  const script = join(repository, 'scripts/check-imports.mjs');
  const result = spawnSync(process.execPath, [script, dir], { encoding: 'utf8' });
  return { status: result.status, stdout: result.stdout, violations: result.stderr.trim().split('\n').filter(Boolean) };
}

interface Rule {
  name: string;
  comment: string;
}

const { forbidden } = createRequire(import.meta.url)(join(repository, '.dependency-cruiser.cjs')) as {
  forbidden: Rule[];
};
const libraries = forbidden.map((rule) => rule.name).filter((name) => name.startsWith('client-library-'));

test('a clean tree passes, composition roots see adapters and services', () => {
  for (const file of GOOD) plant(file, 'export const good = 1;\n');
  plant('services/standalone/a.ts', "import '../x/good.ts';\nimport '../../lib/adapters/y/good.ts';\n");
  plant('services/commands/a.ts', "import '../x/good.ts';\nimport '../wiring.ts';\n");
  symlinkSync(join(repository, 'node_modules'), join(dir, 'node_modules'));
  const { status, violations } = check();
  assert.deepEqual(violations, []);
  assert.equal(status, 0);
});

test('one planted violation of each rule is caught', () => {
  for (const [, file, imported] of PLANTED) plant(file, `import '${imported}';\n`);
  for (const name of libraries) plant(`services/y/${name}.ts`, `import '${name.slice('client-library-'.length)}';\n`);
  plant('lib/runtime/cycle-a.ts', "import './cycle-b.ts';\n");
  plant('lib/runtime/cycle-b.ts', "import './cycle-a.ts';\n");
  plant('lib/runtime/type-a.ts', "import type { B } from './type-b.ts';\nexport type A = B;\n");
  plant('lib/runtime/type-b.ts', "import type { A } from './type-a.ts';\nexport type B = A | null;\n");
  const { status, violations } = check();
  assert.equal(status, 1);
  for (const [rule, file] of PLANTED) {
    assert.ok(
      violations.some((line) => line.startsWith(`${rule}: ${file} -> `)),
      `${rule} in ${file} was not caught`,
    );
  }
  for (const file of ['lib/runtime/cycle-a.ts', 'lib/runtime/type-a.ts']) {
    assert.ok(
      violations.some((line) => line.startsWith(`no-cycles: ${file} `)),
      `the cycle of ${file} was not caught`,
    );
  }
  for (const name of libraries) {
    assert.ok(
      violations.some((line) => line.startsWith(`${name}: services/y/${name}.ts`)),
      `${name} was not caught`,
    );
  }
  const caught = new Set(violations.map((line) => line.split(':')[0]));
  assert.deepEqual(
    forbidden.map((rule) => rule.name).filter((name) => !caught.has(name)),
    [],
    'every rule is planted',
  );
});
