import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { standardDeviation } from '../../lib/core/sketch/numeric.ts';
import { quantile } from '../../lib/core/sketch/quantiles.ts';
import { PSI_FLOOR_DEFINITION, psiFloor } from '../../lib/core/statistics/psi-floor.ts';
import { METRICS } from '../../lib/core/statistics/registry.ts';
import type { MetricResult } from '../../lib/core/statistics/types.ts';
import { baselineOf, type GoldenChunk, readColumns, readGolden, sketchInParts } from './carloan.ts';

/**
 * The exact oracle (numpy and scipy) for car loan: each 5,000-row chunk of the analysis file, and the whole, against the
 * 50,000-row reference; each as one sketch and as merges of several, which is what partitions make of a window.
 */
const golden = readGolden();
const reference = readColumns('carloan_reference');
const analysis = readColumns('carloan_analysis');
const PARTS = [1, 3, 4, 16];

function scoreOf(result: MetricResult): { score: number; pValue: number | null } {
  assert.ok(result.kind === 'score', JSON.stringify(result));
  return result;
}

function cellsOf(feature: string, chunk: number): readonly string[] {
  const cells = analysis.get(feature)!;
  return chunk < 10 ? cells.slice(chunk * 5000, chunk * 5000 + 5000) : cells;
}

function near(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, exact ${expected}`);
}

function eachChunk(feature: string, check: (exact: GoldenChunk, cells: readonly string[], what: string) => void): void {
  const chunks = golden[feature]!.chunks_0_9_then_whole;
  assert.equal(chunks.length, 11);
  chunks.forEach((exact, i) => {
    check(exact, cellsOf(feature, i), `${feature}, chunk ${i}`);
  });
}

describe(`car loan against the exact oracle (${PSI_FLOOR_DEFINITION}, KS, χ²)`, () => {
  for (const [feature, { kind, edges }] of Object.entries(golden)) {
    const baseline = baselineOf(feature, kind, reference.get(feature)!);

    if (kind === 'num') {
      it(`${feature}: edges are numpy’s to the last bit`, () => {
        assert.deepEqual(baseline.psiEdges, edges);
      });

      it(`${feature}: KS within 0.001, PSI within 1 % or 0.001, moments and median`, () => {
        eachChunk(feature, (exact, cells, what) => {
          for (const parts of PARTS) {
            const sketch = sketchInParts(kind, cells, parts);
            assert.ok(sketch.kind === 'numeric');
            near(scoreOf(METRICS.ks.compute(baseline, sketch)).score, exact.ks, 0.001, `${what} KS`);
            near(scoreOf(psiFloor(baseline, sketch)).score, exact.psi, Math.max(0.001, exact.psi / 100), `${what} PSI`);
            near(sketch.numeric.mean, exact.mean, 1e-12 * Math.abs(exact.mean), `${what} mean`);
            near(standardDeviation(sketch.numeric), exact.std, 1e-11 * exact.std, `${what} std`);
            near(quantile(sketch.numeric, 0.5), exact.q50, 0.001 * Math.abs(exact.q50), `${what} median`);
          }
        });
      });
    } else {
      it(`${feature}: PSI, χ² and its p exact`, () => {
        eachChunk(feature, (exact, cells, what) => {
          for (const parts of PARTS) {
            const sketch = sketchInParts(kind, cells, parts);
            const chi2 = scoreOf(METRICS.chi2.compute(baseline, sketch));
            near(scoreOf(psiFloor(baseline, sketch)).score, exact.psi, 1e-14, `${what} PSI`);
            near(chi2.score, exact.chi2, 1e-12 * exact.chi2, `${what} χ²`);
            near(chi2.pValue!, exact.chi2_p, 1e-12, `${what} p`);
          }
        });
      });
    }
  }

  it('p-values of KS agree with scipy where the sketch is exact', () => {
    for (const feature of ['loan_length', 'y_pred_proba']) {
      const baseline = baselineOf(feature, 'num', reference.get(feature)!);
      eachChunk(feature, (exact, cells, what) => {
        const { pValue } = scoreOf(METRICS.ks.compute(baseline, sketchInParts('num', cells, 4)));
        near(pValue!, exact.ks_p, 1e-5, `${what} p`);
      });
    }
  });
});
