import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mix, pseudoWindows } from '../../../lib/core/references/pseudo-windows.ts';

const DAY = 86_400_000;
const daily = { lengthMs: DAY, timezone: 'UTC' };

test('with timestamps, windows are the ones the stream would have, and thin ones are left out', () => {
  const timestamps = [...Array(300).fill(DAY * 10 + 5), ...Array(300).fill(DAY * 11), ...Array(10).fill(DAY * 12)];
  const windows = pseudoWindows(timestamps.length, timestamps, daily);
  assert.deepEqual(
    windows.map((window) => window.length),
    [300, 300],
  );
});

test('without timestamps every row is in one stretch of 1,000, in an order unlike the file', () => {
  const windows = pseudoWindows(3500, null, daily);
  assert.deepEqual(
    windows.map((window) => window.length),
    [1000, 1000, 1000, 500],
  );
  assert.equal(new Set(windows.flat()).size, 3500);
  const first = windows[0] ?? [];
  const fromFirstThousand = first.filter((row) => row < 1000).length;
  assert.ok(
    fromFirstThousand > 200 && fromFirstThousand < 400,
    `${fromFirstThousand} of 1,000 rows come from the file's beginning`,
  );
});

test('the row order is a permutation: no two 32-bit numbers collide', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      (a, b) => a === b || mix(a) !== mix(b),
    ),
  );
});
