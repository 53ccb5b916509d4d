import { chunkEnd } from '../../lib/core/chunks/chunk.ts';
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
  | { kind: 'open'; offset: number; gap: Gap | null };

export interface StartFacts {
  history: PartitionHistory;
  /** Chunk size that the last chunk is bound to; unused without one. */
  chunkSize: number;
  /** First offset that no row of the last chunk covers. */
  coveredUntil: number;
  committed: number | null;
  offsets: PartitionOffsets;
}

/** Where to begin reading a partition. The manifest decides; the committed offset is a hint. A gap is never silent. */
export function decideStart(facts: StartFacts): Start {
  const { last } = facts.history;
  if (last === null) return startWithoutManifest(facts);
  const { beginning, end } = facts.offsets;
  if (end < last.reach) {
    const reason = `the log ends at ${end} but rows cover it up to ${last.reach}: it was truncated or replaced`;
    return { kind: 'halt', reason };
  }
  if (last.closed) return resumeAt(chunkEnd(last.chunkStart, facts.chunkSize), beginning);
  if (beginning <= last.chunkStart) return { kind: 'reopen', offset: last.chunkStart };
  // The open chunk cannot be read again from its start, so its rows stay as they are and a sub-chunk follows them.
  return resumeAt(Math.max(last.reach, facts.coveredUntil), beginning);
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
