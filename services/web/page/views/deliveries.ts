import { badge } from '../badges.ts';
import { h, section, table } from '../dom.ts';
import { count, time } from '../format.ts';
import type { IncidentDetail } from '../types.ts';

type Delivery = IncidentDetail['deliveries'][number];

/** What has not reached a channel, for the head of the page: whoever looks must not think that somebody was paged. */
export function undelivered({ deliveries }: IncidentDetail): HTMLElement[] {
  const parked = deliveries.filter((delivery) => delivery.state === 'parked');
  const waiting = deliveries.filter((delivery) => delivery.state === 'pending' && delivery.attempt > 0);
  return [
    ...parked.map((delivery) =>
      notice(
        'parked',
        `${said(delivery)} was refused by ${delivery.channel} and is not tried again: ${delivery.reason}`,
      ),
    ),
    ...waiting.map((delivery) =>
      notice(
        'waiting',
        `${said(delivery)} has not reached ${delivery.channel} in ${count(delivery.attempt)} attempts, the next is at ` +
          `${time(delivery.next_attempt_at)}: ${delivery.reason}`,
      ),
    ),
  ];
}

function said({ action }: Delivery): string {
  return action === 'resolve' ? 'Its end' : 'This incident';
}

function notice(kind: string, text: string): HTMLElement {
  return h('p', { class: `undelivered ${kind}`, role: 'alert' }, text);
}

export function deliveriesSection({ deliveries }: IncidentDetail): HTMLElement {
  if (deliveries.length === 0)
    return section(
      'Deliveries',
      h('p', { class: 'quiet-text' }, 'Nobody has been told yet: no channel is configured, or the notifier is behind.'),
    );
  return section(
    'Deliveries',
    table(
      'Deliveries',
      [
        { head: 'Channel', cell: (row) => row.channel },
        { head: 'Action', cell: (row) => row.action },
        { head: 'State', cell: (row) => badge(row.state, tone(row.state)) },
        { head: 'Attempts', numeric: true, cell: (row) => count(row.attempt) },
        { head: 'HTTP status', numeric: true, cell: (row) => (row.status === 0 ? '–' : String(row.status)) },
        { head: 'Why', cell: (row) => row.reason },
        { head: 'Dedup key', cell: (row) => h('code', {}, row.dedup_key) },
      ],
      deliveries,
    ),
  );
}

function tone(state: string): string {
  return state === 'sent' ? 'good' : state === 'parked' ? 'bad' : 'warn';
}
