import { adviseOn } from './episode-advice.ts';
import { episodeId } from './episode-id.ts';
import { advanceRuns, membersWithRun, sortMembers } from './episode-runs.ts';
import type { AlertIdentity, AlertPolicy, AlertTrack, Decision, FeatureRun, WindowVerdict } from './episode-types.ts';
import type { AlertEvent, AlertMember, AlertState } from './types.ts';

export const EMPTY_TRACK: AlertTrack = { runs: new Map(), last: null, opened: 0 };

/** Not yet resolved nor withdrawn. */
export function isOpen(event: AlertEvent | null): event is AlertEvent {
  return event !== null && event.state !== 'resolved' && event.state !== 'withdrawn';
}

/** Open and told to people: it has fired. */
export function isFiring(event: AlertEvent | null): event is AlertEvent {
  return isOpen(event) && event.state !== 'pending';
}

/**
 * Decides what one more window (later than all before) means for an alert:
 * none → pending (first breach) → firing (`persistence` breached windows in a row) ⇄ updated (members came or went)
 * → resolved (every member clear for `persistence` windows). A pending episode whose breach ends is withdrawn. Windows
 * without enough data are skipped: they neither extend nor break a run. `last` of the returned track is the event, so
 * a caller that completes the event (incident, explanations) must put the completed one there.
 */
export function stepAlert(
  identity: AlertIdentity,
  policy: AlertPolicy,
  track: AlertTrack,
  verdict: WindowVerdict,
): Decision & { track: AlertTrack } {
  const runs = advanceRuns(track.runs, verdict);
  const decision = decide(identity, policy, { ...track, runs }, verdict);
  return { ...decision, track: published({ ...track, runs }, decision.event) };
}

/** The track once the event (none: null) is what was published last. */
export function published(track: AlertTrack, event: AlertEvent | null): AlertTrack {
  if (event === null) return track;
  return { runs: track.runs, last: event, opened: event.revision === 1 ? event.asOf : track.opened };
}

function decide(identity: AlertIdentity, policy: AlertPolicy, track: AlertTrack, verdict: WindowVerdict): Decision {
  if (isFiring(track.last)) return decideFiring(policy, track.runs, track.last, verdict.end);
  if (isOpen(track.last)) return decidePending(policy, track.runs, track.last, verdict.end);
  return decideNew(identity, policy, track, verdict);
}

function decideNew(identity: AlertIdentity, policy: AlertPolicy, track: AlertTrack, verdict: WindowVerdict): Decision {
  if (!verdict.features.some((feature) => feature.outcome === 'breached')) {
    return { event: null, reason: 'nothing breached in this window' };
  }
  const ripe = membersWithRun(track.runs, policy.persistence);
  const members = ripe.length > 0 ? ripe : membersWithRun(track.runs, 1);
  const since = earliest(members);
  const blank: AlertEvent = {
    ...identity,
    episode: episodeId(identity, since, verdict.end),
    revision: 0,
    state: 'pending',
    severity: policy.severity,
    since,
    asOf: verdict.end,
    incident: null,
    members: [],
    reason: '',
    advice: '',
  };
  const reason = ripe.length > 0 ? firingReason(ripe, policy) : pendingReason(members, track.runs, policy);
  return revise(blank, ripe.length > 0 ? 'firing' : 'pending', members, verdict.end, reason);
}

function decidePending(
  policy: AlertPolicy,
  runs: ReadonlyMap<string, FeatureRun>,
  last: AlertEvent,
  asOf: number,
): Decision {
  const ripe = membersWithRun(runs, policy.persistence);
  if (ripe.length > 0) return revise(last, 'firing', ripe, asOf, firingReason(ripe, policy));
  if (membersWithRun(runs, 1).length > 0) return { event: null, reason: 'still breached, not yet long enough to fire' };
  const reason = `the breach did not last ${windows(policy.persistence)}; nobody was told`;
  return revise(last, 'withdrawn', last.members, asOf, reason);
}

function decideFiring(
  policy: AlertPolicy,
  runs: ReadonlyMap<string, FeatureRun>,
  last: AlertEvent,
  asOf: number,
): Decision {
  const next = firingMembers(policy, runs, last.members);
  if (next.length === 0) {
    const reason = `every member was clear for ${windows(policy.persistence)} in a row`;
    return revise(last, 'resolved', last.members, asOf, reason);
  }
  const change = membershipChange(last.members, next);
  if (change === null) return { event: null, reason: 'firing, with the same members' };
  return revise(last, 'updated', next, asOf, change);
}

/** Members of a firing alert: those not yet clear for long enough, with their latest breach, and those newly ripe. */
function firingMembers(
  policy: AlertPolicy,
  runs: ReadonlyMap<string, FeatureRun>,
  members: readonly AlertMember[],
): AlertMember[] {
  const known = new Set(members.map((member) => member.feature));
  const kept = members.filter((member) => (runs.get(member.feature)?.clear ?? 0) < policy.persistence);
  const added = membersWithRun(runs, policy.persistence).filter((member) => !known.has(member.feature));
  return sortMembers([...kept.map((member) => refreshed(member, runs.get(member.feature))), ...added]);
}

/** The member with the numbers of its latest breach; since when it is a member does not change. */
function refreshed(member: AlertMember, run: FeatureRun | undefined): AlertMember {
  const latest = run?.latest;
  if (latest == null || latest.windowEnd <= member.windowEnd) return member;
  return { ...latest, since: Math.min(member.since, latest.since) };
}

/** Who came and who went, in words; null when nobody did. */
export function membershipChange(before: readonly AlertMember[], after: readonly AlertMember[]): string | null {
  const added = namesMissingIn(before, after);
  const gone = namesMissingIn(after, before);
  const parts: string[] = [];
  if (added.length > 0) parts.push(`new: ${added.join(', ')}`);
  if (gone.length > 0) parts.push(`clear again: ${gone.join(', ')}`);
  return parts.length > 0 ? parts.join('; ') : null;
}

function namesMissingIn(these: readonly AlertMember[], those: readonly AlertMember[]): string[] {
  const known = new Set(these.map((member) => member.feature));
  return those.map((member) => member.feature).filter((feature) => !known.has(feature));
}

/** The next revision of an episode. */
export function revise(
  last: AlertEvent,
  state: AlertState,
  members: AlertMember[],
  asOf: number,
  reason: string,
): Decision {
  const since = state === 'firing' ? earliest(members) : last.since;
  const revision = last.revision + 1;
  const ended = state === 'resolved' || state === 'withdrawn';
  const advice = ended ? 'nothing: the alert has ended' : adviseOn(members);
  return { event: { ...last, revision, state, since, asOf, members, reason, advice }, reason };
}

function earliest(members: readonly AlertMember[]): number {
  return members.reduce((least, member) => Math.min(least, member.since), Number.POSITIVE_INFINITY);
}

function firingReason(members: readonly AlertMember[], policy: AlertPolicy): string {
  return `breached for ${windows(policy.persistence)} in a row: ${names(members)}`;
}

function pendingReason(
  members: readonly AlertMember[],
  runs: ReadonlyMap<string, FeatureRun>,
  policy: AlertPolicy,
): string {
  const longest = Math.max(...members.map((member) => runs.get(member.feature)?.breached ?? 0));
  return `breached in ${longest} of the ${policy.persistence} windows it takes to fire: ${names(members)}`;
}

function names(members: readonly AlertMember[]): string {
  return members.map((member) => member.feature).join(', ');
}

function windows(count: number): string {
  return count === 1 ? 'one window' : `${count} windows`;
}
