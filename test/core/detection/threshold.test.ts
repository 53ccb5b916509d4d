import assert from 'node:assert/strict';
import { test } from 'node:test';
import { automaticThreshold, thresholdOf } from '../../../lib/core/detection/threshold.ts';
import { psi } from '../../../lib/core/statistics/psi.ts';
import { monitor } from './fixtures.ts';

test('automatic: mean + 3 sd of the baseline’s own windows, but no less than what is worth a page', () => {
  assert.equal(automaticThreshold(0.1, { mean: 0.05, sd: 0.05, windows: 20 }), 0.05 + 3 * 0.05);
  assert.equal(automaticThreshold(0.1, { mean: 0.01, sd: 0.01, windows: 20 }), 0.1);
});

test('without a spread, or with one that is no number, the default stands', () => {
  assert.equal(automaticThreshold(0.1, undefined), 0.1);
  assert.equal(automaticThreshold(0.1, { mean: Number.NaN, sd: 0, windows: 1 }), 0.1);
});

test('a threshold the monitor names wins, also below the default', () => {
  const spread = { mean: 1, sd: 1, windows: 9 };
  assert.equal(thresholdOf(monitor({ threshold: { psi: 0.02 } }), psi, spread), 0.02);
  assert.equal(thresholdOf(monitor({ threshold: { ks: 0.02 } }), psi, spread), 4);
});
