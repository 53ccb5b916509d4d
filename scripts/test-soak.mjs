// The soak: `npm run test:soak -- [--minutes M] [--seed S] [--store-down SECONDS] [--rate EVENTS/S] [--keep]`. Real processes
// under random faults, which follow from the seed; see test/soak/README.md. Exit code 0: clean, 1: problems, 2: bad flags.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { root } from './needs.mjs';

const child = spawn(process.execPath, ['--import', 'tsx', 'test/soak/main.ts', ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, UV_THREADPOOL_SIZE: '24' },
  stdio: 'inherit',
});
// An interrupt reaches the child from the terminal; it cleans up and decides how it ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
const [code] = await once(child, 'exit');
process.exitCode = code ?? 1;
