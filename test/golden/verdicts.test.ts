import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BaselineColumn } from '../../lib/core/baselines/types.ts';
import type { MetricName } from '../../lib/core/monitors/types.ts';
import type { FeatureSketch } from '../../lib/core/sketch/types.ts';
import { METRICS } from '../../lib/core/statistics/registry.ts';
import { baselineOf, type Columns, readColumns, sketchInParts } from './carloan.ts';

/** Significance beside the effect; far below any false-discovery budget over these few tests. */
const ALPHA = 1e-4;

function breaches(baseline: BaselineColumn, current: FeatureSketch): MetricName[] {
  return Object.values(METRICS)
    .filter((metric) => metric.appliesTo(baseline))
    .filter((metric) => {
      const result = metric.compute(baseline, current);
      return result.kind === 'score' && result.effect > metric.defaultThreshold && result.pValue! < ALPHA;
    })
    .map((metric) => metric.metric);
}

function kindOf(cells: readonly string[]): 'num' | 'cat' {
  return cells.every((cell) => cell === '' || Number.isFinite(Number(cell))) ? 'num' : 'cat';
}

function cellsWhere(columns: Columns, feature: string, keep: (row: number) => boolean): string[] {
  return columns.get(feature)!.filter((_cell, row) => keep(row));
}

describe('verdicts at the default thresholds', () => {
  it('employment: the real, quiet model stays quiet in every year, numbers read as numbers or as categories', () => {
    const reference = readColumns('employment_MA_reference');
    const analysis = readColumns('employment_MA_analysis');
    const years = analysis.get('year')!;
    const features = [...reference.keys()].filter((name) => !['id', 'year'].includes(name));
    assert.ok(features.length >= 17);
    for (const feature of features) {
      for (const kind of ['num', 'cat'] as const) {
        if (kind === 'cat' && feature === 'predicted_probability') continue;
        const baseline = baselineOf(feature, kind, reference.get(feature)!);
        for (const year of ['2016', '2017', '2018']) {
          const current = sketchInParts(
            kind,
            cellsWhere(analysis, feature, (row) => years[row] === year),
            4,
          );
          assert.deepEqual(breaches(baseline, current), [], `${feature} as ${kind}, ${year}`);
        }
      }
    }
  });

  it('car loan: what shifts at row 25,000 is found in the second half and nothing in the first', () => {
    const reference = readColumns('carloan_reference');
    const analysis = readColumns('carloan_analysis');
    const shifted = new Map<string, MetricName[]>([
      ['car_value', ['psi', 'ks']],
      ['loan_length', ['psi', 'ks']],
      ['y_pred_proba', ['psi', 'ks']],
      ['salary_range', ['psi', 'chi2']],
      ['repaid_loan_on_prev_car', ['psi', 'chi2']],
    ]);
    for (const feature of [...shifted.keys(), 'debt_to_income_ratio', 'driver_tenure', 'size_of_downpayment']) {
      const kind = kindOf(reference.get(feature)!);
      const baseline = baselineOf(feature, kind, reference.get(feature)!);
      for (let chunk = 0; chunk < 10; chunk++) {
        const inChunk = (row: number) => Math.floor(row / 5000) === chunk;
        const found = breaches(baseline, sketchInParts(kind, cellsWhere(analysis, feature, inChunk), 4));
        assert.deepEqual(found, chunk < 5 ? [] : (shifted.get(feature) ?? []), `${feature}, chunk ${chunk}`);
      }
    }
  });

  it('car loan, data quality: missing values and an unseen category are found by their own metrics', () => {
    const reference = readColumns('carloan_dq_reference');
    const analysis = readColumns('carloan_dq_analysis');
    const own: Record<string, MetricName> = {
      salary_range: 'missing_rate',
      driver_tenure: 'missing_rate',
      size_of_downpayment: 'unseen_rate',
    };
    for (const [feature, metric] of Object.entries(own)) {
      const kind = reference.get(feature)!.some((cell) => Number.isNaN(Number(cell))) ? 'cat' : 'num';
      const baseline = baselineOf(feature, kind, reference.get(feature)!);
      for (let chunk = 0; chunk < 10; chunk++) {
        const inChunk = (row: number) => Math.floor(row / 5000) === chunk;
        const found = breaches(baseline, sketchInParts(kind, cellsWhere(analysis, feature, inChunk), 4));
        if (chunk < 5) assert.deepEqual(found, [], `${feature}, chunk ${chunk}`);
        else assert.ok(found.includes(metric), `${feature}, chunk ${chunk}: ${found}`);
      }
    }
  });
});
