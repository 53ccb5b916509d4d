import type { AlertEvent, AlertMember } from '../../lib/core/alerts/types.ts';
import type { BaselineColumn } from '../../lib/core/baselines/types.ts';
import { type CurrentColumn, explainMember } from '../../lib/core/detection/explain.ts';
import type { ReadyMonitor, SealedWindow } from '../../lib/core/detection/types.ts';
import type { Store } from '../../lib/ports/store.ts';
import { readSealedColumn } from '../../lib/tables/sealed.ts';

/**
 * Fills in the explanations that events still lack: from the windows at hand, else (after a restart) from the sealed
 * rows. A member keeps the explanation it was published with.
 */
export async function explainEvents(
  store: Store,
  events: readonly AlertEvent[],
  windows: readonly SealedWindow[],
  monitors: readonly ReadyMonitor[],
): Promise<AlertEvent[]> {
  const explained: AlertEvent[] = [];
  for (const event of events) {
    const baseline = monitors.find(({ monitor }) => monitor.name === event.monitor)?.baseline;
    const members: AlertMember[] = [];
    for (const member of event.members) {
      const column = baseline?.columns.get(member.feature) ?? null;
      members.push(member.explanation === '' ? await explain(store, event, member, column, windows) : member);
    }
    explained.push({ ...event, members });
  }
  return explained;
}

async function explain(
  store: Store,
  event: AlertEvent,
  member: AlertMember,
  baseline: BaselineColumn | null,
  windows: readonly SealedWindow[],
): Promise<AlertMember> {
  const current = currentColumn(event, member, windows) ?? (await storedColumn(store, event, member));
  return { ...member, explanation: explainMember(member, baseline, current) };
}

function currentColumn(event: AlertEvent, member: AlertMember, windows: readonly SealedWindow[]): CurrentColumn {
  const window = windows.find(
    (candidate) =>
      candidate.version === event.version &&
      candidate.role === event.role &&
      candidate.window.start === member.windowStart &&
      candidate.window.end === member.windowEnd,
  );
  return (
    window?.columns.find((column) => column.feature === member.feature && column.segment === event.segment) ?? null
  );
}

function storedColumn(store: Store, event: AlertEvent, member: AlertMember): Promise<CurrentColumn> {
  const window = { version: event.version, role: event.role, start: member.windowStart, end: member.windowEnd };
  return readSealedColumn(store, event.model, window, member.feature, event.segment);
}
