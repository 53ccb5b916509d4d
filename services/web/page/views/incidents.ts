import { incidentBadge, severityBadge } from '../badges.ts';
import { empty, h, link, table } from '../dom.ts';
import { incidentPath, modelPath, time } from '../format.ts';
import type { IncidentSummary } from '../types.ts';
import { title } from './incident.ts';

export function incidentsView({ incidents }: { incidents: IncidentSummary[] }): HTMLElement[] {
  if (incidents.length === 0)
    return [
      h('h1', {}, 'Incidents'),
      empty(
        'No incident',
        h(
          'p',
          {},
          'An incident opens when a monitor’s score is over its threshold for as many windows in a row as its persistence says.',
        ),
      ),
    ];
  return [
    h('h1', {}, 'Incidents'),
    table(
      'Incidents, open ones first',
      [
        { head: 'State', cell: (row) => incidentBadge(row.state) },
        { head: 'Severity', cell: (row) => severityBadge(row.severity) },
        { head: 'What', cell: (row) => link(incidentPath(row.incident), title(row)) },
        { head: 'Model', cell: (row) => link(modelPath(row.model), row.model) },
        { head: 'Since', cell: (row) => time(row.since) },
        { head: 'Resolved', cell: (row) => (row.resolved_at === null ? '–' : time(row.resolved_at)) },
      ],
      incidents,
    ),
  ];
}
