import type { Severity } from './types.ts';

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2, critical: 3 };

/** The graver of two severities. */
export function higherSeverity(a: Severity, b: Severity): Severity {
  return RANK[a] >= RANK[b] ? a : b;
}

/** Whether `a` is graver than `b`. */
export function isGraver(a: Severity, b: Severity): boolean {
  return RANK[a] > RANK[b];
}
