import type { PartitionOffsets } from '../../lib/ports/log.ts';
import type { PartitionHistory } from '../../lib/tables/manifests.ts';

/** Offsets that can no longer be read: [first, end). */
export interface Gap {
  reason: string;
  first: number;
  end: number;
}

export type Start =
  | { kind: 'halt'; reason: string }
  /** The chunk's beginning is still in the log: read it again from there under the spec it is bound to. */
  | { kind: 'reopen'; offset: number }
  /** A chunk nobody opened; a sub-chunk where the offset is not aligned. */
  | { kind: 'open'; offset: number; gap: Gap | null }
  /**
   * Records that rows cover are no longer in the log, others may stand at their offsets: those rows stay as they are, and
   * a new incarnation of the partition begins where the logs part.
   */
  | { kind: 'truncated'; offset: number; gap: Gap };

export interface StartFacts {
  history: PartitionHistory;
  /** Whether this process would write the last chunk's rows as they stand; unused without one. */
  sameLayout: boolean;
  /** First offset that no row of the last chunk covers. */
  coveredUntil: number;
  committed: number | null;
  offsets: PartitionOffsets;
  /** Where the log now ends for `history.last.epoch`; null or absent: not known. */
  epochEnd?: number | null;
}

/** Where to begin reading a partition. The manifest decides; the committed offset is a hint. A gap is never silent. */
export function decideStart(facts: StartFacts): Start {
  const { last } = facts.history;
  if (last === null) return startWithoutManifest(facts);
  const { beginning, end } = facts.offsets;
  const reach = Math.max(last.reach, facts.coveredUntil);
  const { epochEnd = null } = facts;
  if (epochEnd !== null && epochEnd < (last.epoch?.reach ?? 0)) return truncatedAt(epochEnd, epochEnd, facts, reach);
  // Rows of a flush that was cut off before its manifest: what stands between is neither known to be theirs nor not.
  if (epochEnd !== null && end < reach) return truncatedAt(Math.min(epochEnd, end), end, facts, reach);
  if (end < reach) {
    const reason =
      `the log ends at ${end} but rows cover it up to ${reach}: it was truncated or replaced, and does not tell from ` +
      'which offset on; create the topic again (a new incarnation is counted from its start), or restore the log';
    return { kind: 'halt', reason };
  }
  if (last.closed) return resumeAt(last.reach, beginning);
  if (beginning <= last.chunkStart && facts.sameLayout) return { kind: 'reopen', offset: last.chunkStart };
  // The open chunk cannot be read again from its start, or other rows would come of it: so its rows stay as they are and
  // a sub-chunk follows them.
  return resumeAt(reach, beginning);
}

/** The logs part at `first`; what is read again begins at `offset`. */
function truncatedAt(first: number, offset: number, { offsets }: StartFacts, reach: number): Start {
  const start = Math.max(offset, offsets.beginning);
  return { kind: 'truncated', offset: start, gap: { reason: 'log_truncated', first, end: Math.max(reach, start) } };
}

function resumeAt(offset: number, beginning: number): Start {
  if (beginning <= offset) return { kind: 'open', offset, gap: null };
  return { kind: 'open', offset: beginning, gap: { reason: 'log_trimmed', first: offset, end: beginning } };
}

function startWithoutManifest({ history, committed, offsets }: StartFacts): Start {
  const { beginning, end } = offsets;
  // Another incarnation's committed offset says nothing about this log.
  if (committed === null || history.otherIncarnations || committed === beginning) {
    return { kind: 'open', offset: beginning, gap: null };
  }
  if (committed > beginning && committed <= end) {
    return {
      kind: 'open',
      offset: committed,
      gap: { reason: 'before_committed_offset', first: beginning, end: committed },
    };
  }
  const reason =
    `no manifest, and the committed offset ${committed} is outside the log (${beginning} to ${end}): ` +
    "reset the group's offset to where aggregation should begin";
  return { kind: 'halt', reason };
}
