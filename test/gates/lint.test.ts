import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';

const root = fileURLToPath(new URL('../../', import.meta.url));
const PLANTED: Record<string, string> = {
  '@typescript-eslint/no-floating-promises': 'export function f(): void { Promise.resolve(1); }',
  '@typescript-eslint/no-misused-promises':
    'export const f = (): void => { [1].forEach(async () => { await null; }); };',
  '@typescript-eslint/switch-exhaustiveness-check':
    "export function f(x: 'a' | 'b'): number { switch (x) { case 'a': return 1; } return 2; }",
  '@typescript-eslint/no-explicit-any': 'export const x: any = 1;',
};

test('each typed rule catches its planted violation, and passes clean code', async () => {
  // With CI=true the parser would read the file once from disk, and never the text given here.
  const parserOptions = { disallowAutomaticSingleRunInference: true };
  const eslint = new ESLint({ cwd: root, overrideConfig: { languageOptions: { parserOptions } } });
  const rulesOf = async (code: string): Promise<(string | null)[]> => {
    // The text stands in for a file that belongs to the project, as typed rules need.
    const [result] = await eslint.lintText(code, { filePath: `${root}lib/runtime/retry.ts` });
    return (result?.messages ?? []).map((message) => message.ruleId);
  };
  for (const [rule, code] of Object.entries(PLANTED)) assert.deepEqual(await rulesOf(code), [rule]);
  assert.deepEqual(await rulesOf('export async function f(): Promise<void> { await Promise.resolve(1); }'), []);
});
