import type { Level, Report } from './types.ts';

const LEVELS: readonly Level[] = ['problem', 'warning', 'ok'];

/** The worst level found; ok for nothing. */
export function worstLevel(reports: readonly Report[]): Level {
  return LEVELS.find((level) => reports.some((report) => report.level === level)) ?? 'ok';
}

/** One line a finding, what to do below it, then how many there are of each level. */
export function formatText(reports: readonly Report[]): string[] {
  const width = Math.max(0, ...reports.map((report) => report.check.length));
  const lines = reports.flatMap(({ level, check, message, action }) => [
    `${level.padEnd(8)} ${check.padEnd(width)}  ${message}`,
    ...(action === null ? [] : [`${' '.repeat(width + 11)}→ ${action}`]),
  ]);
  const counts = LEVELS.map((level) => `${reports.filter((report) => report.level === level).length} ${level}`);
  return [...lines, `doctor: ${counts.join(', ')}`];
}

/** `{level, checked_at, findings: [{check, level, message, action}]}`. */
export function formatJson(reports: readonly Report[], now: number): string {
  const findings = reports.map(({ check, level, message, action }) => ({ check, level, message, action }));
  return JSON.stringify({ level: worstLevel(reports), checked_at: new Date(now).toISOString(), findings }, null, 2);
}
