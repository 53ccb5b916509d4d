// Builds dist/: JavaScript for an installed package or an image. The checkout itself runs from source and needs no build.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { root } from './needs.mjs';

rmSync(`${root}dist`, { recursive: true, force: true });
const tsc = spawnSync(
  process.execPath,
  [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}tsconfig.build.json`],
  {
    stdio: 'inherit',
  },
);
if (tsc.status !== 0) process.exit(1);
// The API bundles the page from its sources when it starts.
cpSync(`${root}services/web/page`, `${root}dist/services/web/page`, { recursive: true });
