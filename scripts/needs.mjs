// What some tests need beside npm packages, and which tests are left out where it cannot be had. Plain JavaScript without
// dependencies: setup.mjs runs before `npm ci`.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const cache = `${root}.cache`;
export const missingFile = `${cache}/missing-for-tests.json`;
export const python = `${cache}/python/bin/python`;

/** `tests`: path prefixes. `apt`: Debian packages that provide it. */
export const NEEDS = {
  java: { apt: ['default-jre-headless'], present: () => onPath('java'), tests: ['test/kafka/', 'test/faults/'] },
  maven: {
    apt: ['maven'],
    present: () => onPath('mvn') || existsSync(`${cache}/kafka`),
    tests: ['test/kafka/', 'test/faults/'],
  },
  kcat: { apt: ['kcat'], present: () => onPath('kcat'), tests: ['test/kafka/', 'test/faults/'] },
  chromium: { apt: ['chromium'], present: () => existsSync('/usr/bin/chromium'), tests: ['test/browser/'] },
  prometheus: { apt: ['prometheus'], present: () => onPath('promtool'), tests: ['test/infra/prometheus'] },
  python: {
    apt: ['python3', 'python3-venv'],
    present: () => onPath('python3'),
    tests: [
      'test/services/sql/clickhouse-connect.test.ts',
      'test/services/sql/wide-types.test.ts',
      'test/kafka/pipeline.test.ts',
      'test/adapters/schema-registry/confluent.test.ts',
    ],
  },
};

function onPath(command) {
  return (process.env.PATH ?? '').split(':').some((dir) => dir !== '' && existsSync(`${dir}/${command}`));
}
