import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertMember } from '../../../lib/core/alerts/types.ts';
import { explainMember } from '../../../lib/core/detection/explain.ts';
import { categoricalFromCounts } from '../../../lib/core/sketch/categorical.ts';
import type { GridCounts } from '../../../lib/core/sketch/types.ts';
import { baselineColumn, numeric, ramp } from './fixtures.ts';

const member = (changes: Partial<AlertMember> = {}): AlertMember => ({
  feature: 'x',
  metric: 'psi',
  definition: 'psi/quantile10@1',
  score: 1.9,
  effect: 1.849,
  threshold: 0.1,
  pValue: 0,
  since: 0,
  windowStart: 0,
  windowEnd: 1,
  baseline: 'ref',
  nCurrent: 1,
  nBaseline: 1,
  explanation: '',
  ...changes,
});
const none = { nan: 0, infinite: 0, wrongType: 0 };

test('a number: effect against threshold, the medians, what is missing', () => {
  const baseline = baselineColumn(
    'x',
    ramp(1_001).map((value) => value * 440.2),
  );
  const sketch = numeric(
    ramp(1_001).map((value) => value * 748),
    9,
  );
  assert.equal(
    explainMember(member(), baseline, { sketch, grid: null }),
    'x: PSI 1.85 (threshold 0.1); median 21,988 → 37,363; missing 0 % → 0.9 %',
  );
});

test('a category: the one whose share changed most', () => {
  const baseline = baselineColumn('x', [...Array(75).fill('low'), ...Array(25).fill('high')]);
  const categorical = categoricalFromCounts(
    new Map([
      ['low', 39],
      ['high', 61],
    ]),
  );
  const sketch = { ...none, kind: 'categorical' as const, count: 100, missing: 0, categorical };
  const text = explainMember(member({ metric: 'chi2', score: 52.3, effect: 0.312, threshold: 0.1 }), baseline, {
    sketch,
    grid: null,
  });
  assert.equal(text, `x: Cramér's V 0.312 (threshold 0.1); share of "high" 25 % → 61 %`);
});

test('a segment: the cell of the median', () => {
  const baseline = baselineColumn('x', ramp(1_000));
  assert.ok(baseline.grid.kind === 'numeric');
  const last = baseline.grid.edges.length;
  const grid = (cell: number): GridCounts => ({ ...none, count: 10, missing: 0, cells: [cell], counts: [10], n: 10 });
  const text = (cell: number) => explainMember(member(), baseline, { sketch: null, grid: grid(cell) });
  assert.match(text(last), /median 49\.95 → above 99\.9/);
  assert.match(text(0), /→ at most 0$/);
  assert.match(text(1), /→ between 0 and 1\.25$/);
});

test('a rate says how much it changed, and small shares are not rounded to nothing', () => {
  const baseline = baselineColumn('x', ramp(100));
  const rate = member({ metric: 'missing_rate', score: 0.305, threshold: 0.02 });
  const sketch = numeric(ramp(10_000), 3);
  assert.equal(
    explainMember(rate, baseline, { sketch, grid: null }),
    'x: missing rate +30.5 % (threshold 2 %); median 49.5 → 50; missing 0 % → < 0.1 %',
  );
});

test('without the numbers at hand the score stands alone', () => {
  assert.equal(explainMember(member(), null, null), 'x: PSI 1.85 (threshold 0.1)');
});
