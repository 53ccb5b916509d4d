import { badge, incidentBadge, severityBadge } from '../badges.ts';
import { code, h, link, section, table } from '../dom.ts';
import { count, featurePath, modelPath, number, pValue, time } from '../format.ts';
import { distributionFigure } from '../histogram.ts';
import type { Alert, AlertMember, FeatureDetail, IncidentDetail, ModelDetail } from '../types.ts';
import { deliveriesSection, undelivered } from './deliveries.ts';
import { fact } from './models.ts';

/** Members drawn with their distributions; the rest are in the table. */
export const FIGURES = 6;

/** The model's latest window; null: none, or it could not be read. */
type LastWindow = ModelDetail['last_window'];

export interface MemberFigure {
  feature: string;
  detail: FeatureDetail;
}

/** What an on-call engineer needs, in the order of asking: what, where, since when, what to do; then the evidence. */
export function incidentView(
  incident: IncidentDetail,
  figures: readonly MemberFigure[],
  lastWindow: LastWindow,
): HTMLElement[] {
  return [
    h(
      'p',
      { class: 'crumbs' },
      link('/incidents', 'Incidents'),
      ' / ',
      link(modelPath(incident.model), incident.model),
    ),
    h(
      'div',
      { class: 'title' },
      h('h1', {}, title(incident)),
      incidentBadge(incident.state),
      severityBadge(incident.severity),
    ),
    h('dl', { class: 'facts wide' }, ...facts(incident, lastWindow)),
    ...undelivered(incident),
    advice(incident),
    ...incident.alerts.map((alert) => alertSection(incident, alert)),
    ...(figures.length > 0
      ? [
          section(
            'Before and after',
            h('div', { class: 'figures' }, ...figures.map((figure) => memberFigure(incident, figure))),
          ),
        ]
      : []),
    timeline(incident),
    deliveriesSection(incident),
    section(
      'Look for yourself',
      ...incident.sql.flatMap(({ title, statement }) => [h('h3', {}, title), code(statement)]),
    ),
  ];
}

/** The columns that moved, by the order in which the incident names them. */
export function title({ members: columns, model }: Pick<IncidentDetail, 'members' | 'model'>): string {
  const named = columns.slice(0, 3).join(', ');
  const more = columns.length > 3 ? ` and ${columns.length - 3} more` : '';
  return columns.length === 0 ? `Incident of ${model}` : `Drift in ${model}: ${named}${more}`;
}

function facts(incident: IncidentDetail, lastWindow: LastWindow): HTMLElement[] {
  const latest = incident.alerts.map((alert) => alert.as_of).sort((a, b) => b - a)[0];
  const segments = [...new Set(incident.alerts.map((alert) => alert.segment).filter((segment) => segment !== ''))];
  return [
    fact('Model', h('span', {}, link(modelPath(incident.model), incident.model), ` (${incident.role})`)),
    fact('Since', time(incident.since)),
    ...(incident.resolved_at === null ? [] : [fact('Resolved', time(incident.resolved_at))]),
    fact('Last change', aged(latest)),
    fact('Latest events', aged(lastWindow?.end)),
    fact('Columns', count(incident.members.length)),
    fact('Where', segments.length > 0 ? segments.join(', ') : 'All events'),
  ];
}

/** A time, and how long ago: an alert whose traffic has ended stays open, and only its age shows it. */
function aged(ms: number | undefined): string {
  if (ms === undefined) return '–';
  const days = Math.floor((Date.now() - ms) / 86_400_000);
  return days < 2 ? time(ms) : `${time(ms)} (${count(days)} days ago)`;
}

function advice(incident: IncidentDetail): HTMLElement {
  const lines = [...new Set(incident.alerts.map((alert) => alert.advice).filter((text) => text !== ''))];
  if (lines.length === 0) return h('div', { hidden: true });
  return h('div', { class: 'advice' }, h('h2', {}, 'What to do'), ...lines.map((text) => h('p', {}, text)));
}

function alertSection(incident: IncidentDetail, alert: Alert): HTMLElement {
  const where = alert.segment === '' ? '' : `, ${alert.segment}`;
  return section(
    `What changed${where}`,
    h(
      'p',
      { class: 'about' },
      badge(alert.state, 'none'),
      ` Monitor ${alert.monitor}${alert.version === '' ? '' : `, version ${alert.version}`}`,
    ),
    h('ul', { class: 'explanations' }, ...alert.members.map((member) => h('li', {}, member.explanation))),
    members(incident, alert),
  );
}

function members(incident: IncidentDetail, alert: Alert): HTMLElement {
  const path = (row: AlertMember): string =>
    featurePath(incident.model, row.feature, {
      window_start: row.window_start,
      ...(alert.segment === '' ? {} : { segment: alert.segment }),
    });
  return table(
    `Columns of ${alert.monitor}`,
    [
      { head: 'Column', cell: (row) => link(path(row), row.feature) },
      { head: 'Metric', cell: (row) => h('span', { title: row.definition }, row.metric) },
      { head: 'Effect', numeric: true, cell: (row) => h('strong', { class: 'over' }, number(row.effect)) },
      { head: 'Threshold', numeric: true, cell: (row) => number(row.threshold) },
      { head: 'p', numeric: true, cell: (row) => pValue(row.p_value) },
      { head: 'Since', cell: (row) => time(row.since) },
      { head: 'Window', cell: (row) => time(row.window_start) },
      { head: 'Baseline', cell: (row) => row.baseline },
      { head: 'Values', numeric: true, cell: (row) => count(row.n_current) },
    ],
    alert.members,
  );
}

function memberFigure(incident: IncidentDetail, { feature, detail }: MemberFigure): HTMLElement {
  return h(
    'div',
    { class: 'card' },
    h('h3', {}, link(featurePath(incident.model, feature), feature)),
    detail.distribution
      ? distributionFigure(detail.distribution)
      : h('p', { class: 'quiet-text' }, 'No distribution is stored for this window.'),
  );
}

function timeline(incident: IncidentDetail): HTMLElement {
  return section(
    'Timeline',
    h(
      'ol',
      { class: 'timeline' },
      ...incident.timeline.map((entry) =>
        h(
          'li',
          {},
          h('time', { datetime: new Date(entry.as_of).toISOString() }, time(entry.as_of)),
          badge(entry.state, 'none'),
          h('span', {}, entry.reason || entry.members.join(', ')),
        ),
      ),
    ),
  );
}
