import type { MetricName } from '../monitors/types.ts';
import { chi2 } from './chi2.ts';
import { ks } from './ks.ts';
import { psi } from './psi.ts';
import { missingRate, unseenRate } from './rates.ts';
import type { MetricDefinition } from './types.ts';

/** Every metric there is. Adding one is a file and a line here (and its name in MetricName). */
export const METRICS: Readonly<Record<MetricName, MetricDefinition>> = {
  psi,
  ks,
  chi2,
  missing_rate: missingRate,
  unseen_rate: unseenRate,
};
