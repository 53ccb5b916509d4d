import type { FeatureRun, FeatureVerdict, WindowVerdict } from './episode-types.ts';
import type { AlertMember } from './types.ts';

const FRESH: FeatureRun = { breached: 0, clear: 0, latest: null };

/** Runs after one more window. Features the window says nothing about keep theirs. */
export function advanceRuns(runs: ReadonlyMap<string, FeatureRun>, verdict: WindowVerdict): Map<string, FeatureRun> {
  const next = new Map(runs);
  for (const feature of verdict.features) {
    next.set(feature.feature, advanceRun(runs.get(feature.feature) ?? FRESH, feature, verdict));
  }
  return next;
}

function advanceRun(run: FeatureRun, verdict: FeatureVerdict, window: WindowVerdict): FeatureRun {
  switch (verdict.outcome) {
    case 'not-enough-data':
      return run;
    case 'clear':
      return { breached: 0, clear: run.clear + 1, latest: run.latest };
    case 'breached': {
      const since = run.breached > 0 && run.latest !== null ? run.latest.since : window.start;
      const latest: AlertMember = {
        feature: verdict.feature,
        ...verdict.evidence,
        since,
        windowStart: window.start,
        windowEnd: window.end,
        explanation: '',
      };
      return { breached: run.breached + 1, clear: 0, latest };
    }
  }
}

/** Members for the features whose run has reached `length` breached windows, oldest first. */
export function membersWithRun(runs: ReadonlyMap<string, FeatureRun>, length: number): AlertMember[] {
  const members: AlertMember[] = [];
  for (const run of runs.values()) if (run.breached >= length && run.latest !== null) members.push(run.latest);
  return sortMembers(members);
}

/** By start of the breach, then name: the same members are listed the same way whatever order they were found in. */
export function sortMembers(members: AlertMember[]): AlertMember[] {
  return members.sort((a, b) => a.since - b.since || (a.feature < b.feature ? -1 : a.feature > b.feature ? 1 : 0));
}
