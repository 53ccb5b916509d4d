import { EMPTY_TRACK, isFiring, isOpen, membershipChange, published, revise, stepAlert } from './episode.ts';
import { advanceRuns } from './episode-runs.ts';
import type { AlertIdentity, AlertPolicy, AlertTrack, Decision, FeatureRun, WindowVerdict } from './episode-types.ts';
import type { AlertEvent, AlertMember } from './types.ts';

/** What the stored windows, judged afresh, say about an alert. */
interface Replayed {
  track: AlertTrack;
  /** It was firing at some time. */
  fired: boolean;
}

/**
 * An alert's state from stored verdicts and its last published event (`before`; its runs are not used): after a restart, and after late data changed a
 * verdict. `history` holds the windows, in time order, that the published event already knew (end ≤ its `asOf`), and
 * must reach back to the beginning of an open episode. Runs follow from the history; where it no longer supports what
 * was published, the event says so: firing, updated, resolved or withdrawn. An ended episode never opens again: what
 * late data adds to its past counts towards a new one.
 */
export function rebuildAlert(
  identity: AlertIdentity,
  policy: AlertPolicy,
  history: readonly WindowVerdict[],
  before: AlertTrack,
): Decision & { track: AlertTrack } {
  const { last } = before;
  const replayed = replay(identity, policy, history, before);
  const decision: Decision = isOpen(last)
    ? reconsider(policy, replayed, last)
    : { event: null, reason: 'no open episode' };
  return { ...decision, track: published({ ...before, runs: replayed.track.runs }, decision.event) };
}

/**
 * Judges the windows again, as if nothing had been published. An open episode is judged from the window in which it
 * was opened: what late data did before belongs to episodes that have ended.
 */
function replay(
  identity: AlertIdentity,
  policy: AlertPolicy,
  history: readonly WindowVerdict[],
  { last, opened }: AlertTrack,
): Replayed {
  let track = EMPTY_TRACK;
  let fired = false;
  for (const verdict of history) {
    const isBefore = !isOpen(last) || verdict.end < opened;
    if (isBefore) track = { ...EMPTY_TRACK, runs: advanceRuns(track.runs, verdict) };
    else track = stepAlert(identity, policy, track, verdict).track;
    fired ||= isFiring(track.last);
  }
  return { track, fired };
}

function reconsider(policy: AlertPolicy, replayed: Replayed, last: AlertEvent): Decision {
  const { runs, last: now } = replayed.track;
  if (!isFiring(last)) return reconsiderPending(last, now, runs);
  if (!isFiring(now)) {
    if (replayed.fired)
      return revise(last, 'resolved', last.members, last.asOf, 'late data: it had become clear again');
    const reason = `late data: fewer than ${policy.persistence} breached windows in a row are left`;
    return revise(last, 'withdrawn', last.members, last.asOf, reason);
  }
  const change = membershipChange(last.members, now.members);
  if (change === null) return { event: null, reason: 'the stored windows support what was published' };
  return revise(last, 'updated', carried(last, now), last.asOf, `late data: ${change}`);
}

function reconsiderPending(last: AlertEvent, now: AlertEvent | null, runs: ReadonlyMap<string, FeatureRun>): Decision {
  if (isFiring(now)) {
    return revise(last, 'firing', [...now.members], last.asOf, 'late data: the breach has lasted long enough to fire');
  }
  if (isOpen(now) && [...runs.values()].some((run) => run.breached > 0)) {
    return { event: null, reason: 'still pending' };
  }
  return revise(last, 'withdrawn', last.members, last.asOf, 'late data: the breach is gone; nobody was told');
}

/** Replayed members, with the published one where it tells of the same breach: what people read does not change for nothing. */
function carried(last: AlertEvent, now: AlertEvent): AlertMember[] {
  const published = new Map(last.members.map((member) => [member.feature, member]));
  return now.members.map((member) => {
    const before = published.get(member.feature);
    return before !== undefined && before.windowEnd >= member.windowEnd ? before : member;
  });
}
