#!/usr/bin/env node
// Slow queries of the embedded engine occupy libuv threads, and libuv reads this once, at its first use.
process.env.UV_THREADPOOL_SIZE ??= '24';
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const root = join(__dirname, '..');
const source = join(root, 'services', 'cli.ts');
async function main() {
  if (existsSync(source)) {
    const { register } = await import('tsx/esm/api');
    register();
    await import(pathToFileURL(source).href);
  } else {
    await import(pathToFileURL(join(root, 'dist', 'services', 'cli.js')).href);
  }
}
main().catch((error) => {
  process.stderr.write(`${error?.stack ?? error}\n`);
  process.exitCode = 1;
});
