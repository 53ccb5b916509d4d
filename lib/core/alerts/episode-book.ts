import { EMPTY_TRACK, published, stepAlert } from './episode.ts';
import { assignIncidents, openIncidents } from './episode-incident.ts';
import { rebuildAlert } from './episode-rebuild.ts';
import type { AlertIdentity, AlertPolicy, AlertTrack, WindowVerdict } from './episode-types.ts';
import type { AlertEvent } from './types.ts';

/** All alerts of one model by identity. Changed in place by its one writer: the service that owns the model. */
export type AlertBook = Map<string, AlertTrack>;

export interface Subject {
  identity: AlertIdentity;
  policy: AlertPolicy;
}

/** Names an alert. */
export function identityKey({ monitor, version, role, segment }: Omit<AlertIdentity, 'model'>): string {
  return JSON.stringify([monitor, version, role, segment]);
}

/**
 * Steps every alert of one window at once, so that those that fire together are decided together and join one incident.
 * Returns the events in the order to publish.
 */
export function stepWindow(book: AlertBook, subjects: readonly (Subject & { verdict: WindowVerdict })[]): AlertEvent[] {
  const open = openIncidents(lastEvents(book));
  const events: AlertEvent[] = [];
  for (const { identity, policy, verdict } of subjects) {
    const key = identityKey(identity);
    const { track, event } = stepAlert(identity, policy, book.get(key) ?? EMPTY_TRACK, verdict);
    book.set(key, track);
    if (event !== null) events.push(event);
  }
  return record(book, assignIncidents(events, open));
}

/**
 * Rebuilds alerts from stored windows (in time order) and the book's last events, after a restart or when late data
 * changed verdicts. Windows that the last event knew are reconsidered; later ones, scored but perhaps not acted upon,
 * are stepped as they would have been.
 */
export function rebuildAlerts(
  book: AlertBook,
  histories: readonly (Subject & { windows: readonly WindowVerdict[] })[],
): AlertEvent[] {
  const open = openIncidents(lastEvents(book));
  const events: AlertEvent[] = [];
  const rest = new Map<number, (Subject & { verdict: WindowVerdict })[]>();
  for (const { identity, policy, windows } of histories) {
    const key = identityKey(identity);
    const before = book.get(key) ?? EMPTY_TRACK;
    const known = before.last?.asOf ?? Number.NEGATIVE_INFINITY;
    const prefix = windows.filter((window) => window.end <= known);
    const { track, event } = rebuildAlert(identity, policy, prefix, before);
    book.set(key, track);
    if (event !== null) events.push(event);
    for (const verdict of windows.filter((window) => window.end > known)) {
      rest.set(verdict.start, [...(rest.get(verdict.start) ?? []), { identity, policy, verdict }]);
    }
  }
  const reconsidered = record(book, assignIncidents(events, open));
  const later = [...rest].sort(([a], [b]) => a - b).flatMap(([, subjects]) => stepWindow(book, subjects));
  return [...reconsidered, ...later];
}

/** What is read back of an alert: its last published event, and the `asOf` of that episode's first one. */
export interface StoredAlert {
  event: AlertEvent;
  opened: number;
}

/** Puts what was read back into a new book. */
export function restore(book: AlertBook, alerts: readonly StoredAlert[]): void {
  for (const { event, opened } of alerts) book.set(identityKey(event), { ...EMPTY_TRACK, last: event, opened });
}

/** Puts events, completed by the caller, in their tracks as what was published last. */
export function record(book: AlertBook, events: readonly AlertEvent[]): AlertEvent[] {
  for (const event of events) {
    const key = identityKey(event);
    book.set(key, published(book.get(key) ?? EMPTY_TRACK, event));
  }
  return [...events];
}

function* lastEvents(book: AlertBook): Generator<AlertEvent> {
  for (const { last } of book.values()) if (last !== null) yield last;
}
