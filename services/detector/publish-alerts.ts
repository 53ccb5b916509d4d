import { strongestFirst } from '../../lib/core/alerts/effect.ts';
import type { AlertEvent } from '../../lib/core/alerts/types.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Codec } from '../../lib/ports/codec.ts';
import type { Log } from '../../lib/ports/log.ts';
import { appendFitting } from '../../lib/runtime/append-fitting.ts';

/** An event as it is to be sent: with this many of its members, the strongest. */
interface Draft {
  event: AlertEvent;
  members: number;
}

/**
 * Appends the events to the alerts topic; a repeated one is dropped by its revision. Where the topic takes no record of
 * that size (thousands of features moved at once) an event goes with its strongest members, and its reason says so: the
 * table has them all. Returns a sentence for each that was shortened.
 */
export async function publishAlerts(log: Log, codec: Codec, events: readonly AlertEvent[]): Promise<string[]> {
  const drafts = events.map((event) => ({ event, members: event.members.length }));
  const shortened = await appendFitting<Draft>(log, TOPICS.alerts, drafts, {
    record: (draft) => ({ key: draft.event.model, value: codec.encodeAlert(asSent(draft)) }),
    shorter: ({ event, members }) => (members > 1 ? { event, members: Math.ceil(members / 2) } : null),
  });
  return shortened.map(({ event: { episode, revision, members: all }, members }) => {
    const what = `alert ${episode}, revision ${revision}: ${TOPICS.alerts} takes no record of ${all.length} members`;
    return `${what}; published with the ${members} strongest: raise max.message.bytes of the topic to publish more`;
  });
}

function asSent({ event, members }: Draft): AlertEvent {
  if (members >= event.members.length) return event;
  const strongest = new Set(event.members.toSorted(strongestFirst).slice(0, members));
  return {
    ...event,
    members: event.members.filter((member) => strongest.has(member)),
    reason: `${event.reason} (shown: the ${members} strongest of ${event.members.length} members)`,
  };
}
