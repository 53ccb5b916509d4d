import { badge, modelBadge, windowBadge } from '../badges.ts';
import { type Child, code, empty, h, link, section, table } from '../dom.ts';
import { count, duration, featurePath, number, percent, time } from '../format.ts';
import { sparkline } from '../sparkline.ts';
import type { ModelDetail, ScorePoint, ScoreSeries } from '../types.ts';
import { fact } from './models.ts';

export function modelView(model: ModelDetail, { series }: { series: ScoreSeries[] }): HTMLElement[] {
  const whole = series.filter((entry) => entry.segment === '');
  const segments = series.filter((entry) => entry.segment !== '' && entry.points.at(-1)?.breached);
  return [
    h('div', { class: 'title' }, h('h1', {}, model.model), modelBadge(model.state)),
    h('dl', { class: 'facts wide' }, ...facts(model)),
    series.length === 0 ? nothingTested(model) : scores(model, whole),
    ...(segments.length > 0 ? [breachedSegments(model, segments)] : []),
    columns(model, whole),
    windows(model),
    registry(model),
  ];
}

function facts(model: ModelDetail): HTMLElement[] {
  const { last_window: last } = model;
  return [
    fact('Window', `${duration(model.window_ms)}, ${model.timezone}`),
    fact('Reference', model.reference || '–'),
    fact('Latest window', last ? h('span', {}, `${time(last.start)} `, windowBadge(last.state)) : '–'),
    fact('Events in it', last ? count(last.events) : '–'),
    fact('Open incidents', model.open_incidents > 0 ? link('/incidents', count(model.open_incidents)) : '0'),
  ];
}

function nothingTested(model: ModelDetail): HTMLElement {
  if (model.monitored)
    return empty(
      'No window has been tested yet',
      h('p', {}, 'Scores appear once a window is complete: every partition has passed its end plus the allowed delay.'),
    );
  return empty(
    'No monitor tests this model',
    h(
      'p',
      {},
      'Events are counted, but nothing is compared. Make monitors from a reference data set, and add them to the configuration:',
    ),
    code(`npx driftline monitors init --reference reference.csv --model ${model.model}`),
  );
}

/** One card a column with a line for each metric, the most breached first. */
function scores(model: ModelDetail, series: readonly ScoreSeries[]): HTMLElement {
  const cards = new Map<string, ScoreSeries[]>();
  for (const entry of series) cards.set(entry.feature, [...(cards.get(entry.feature) ?? []), entry]);
  const urgencyOf = (feature: string): number => Math.max(...cards.get(feature)!.map(urgency));
  const features = [...cards.keys()].sort((a, b) => urgencyOf(b) - urgencyOf(a) || (a < b ? -1 : 1));
  return section(
    'Scores',
    h('ul', { class: 'multiples' }, ...features.map((name) => multiple(model, name, cards.get(name)!))),
  );
}

function urgency({ points }: ScoreSeries): number {
  const last = points.at(-1);
  if (!last || last.score === null) return -1;
  const ratio = last.effect !== null && last.threshold > 0 ? Math.min(999, last.effect / last.threshold) : 0;
  return (last.breached ? 1000 : 0) + ratio;
}

function multiple(model: ModelDetail, feature: string, series: readonly ScoreSeries[]): HTMLElement {
  const breached = series.some(({ points }) => points.at(-1)?.breached);
  return h(
    'li',
    { class: breached ? 'multiple breached' : 'multiple' },
    h('h3', {}, link(featurePath(model.model, feature), feature)),
    ...series.map((entry) => metricLine(entry, series)),
  );
}

/** Version and role are named only where the column has several. */
function metricLine(entry: ScoreSeries, all: readonly ScoreSeries[]): HTMLElement {
  const points = entry.points.map((point) => ({ value: point.effect, breached: point.breached }));
  const several = all.some(({ version, role }) => version !== entry.version || role !== entry.role);
  const about = several ? `${entry.metric} ${entry.version} ${entry.role}` : entry.metric;
  return h(
    'div',
    { class: 'metric-line' },
    h('span', { class: 'metric', title: entry.definition }, about),
    sparkline(points, entry.points.at(-1)?.threshold ?? null, `${entry.metric} of ${entry.feature}`),
    reading(entry.points),
  );
}

/** The latest effect against its threshold; an older one, where the latest window had none, is set back and says so. */
function reading(points: readonly ScorePoint[]): HTMLElement {
  const last = points.at(-1);
  const scored = points.findLast(({ score }) => score !== null);
  if (!last || !scored) return h('span', { class: 'reading', title: last?.note }, 'not enough data');
  const value = `${number(scored.effect)} / ${number(scored.threshold)}`;
  if (scored !== last)
    return h(
      'span',
      { class: 'reading', title: `${time(scored.window_start)}; since then: ${last.note}` },
      `(${value})`,
    );
  return h('strong', { class: last.breached ? 'reading over' : 'reading ink' }, value);
}

function breachedSegments(model: ModelDetail, series: readonly ScoreSeries[]): HTMLElement {
  return section(
    'Segments over their threshold',
    table(
      'Segments over their threshold',
      [
        { head: 'Segment', cell: (row) => row.segment },
        {
          head: 'Column',
          cell: (row) => link(featurePath(model.model, row.feature, { segment: row.segment }), row.feature),
        },
        { head: 'Metric', cell: (row) => row.metric },
        { head: 'Effect', numeric: true, cell: (row) => number(row.points.at(-1)?.effect) },
        { head: 'Threshold', numeric: true, cell: (row) => number(row.points.at(-1)?.threshold) },
        { head: 'Events', numeric: true, cell: (row) => count(row.points.at(-1)?.n_current ?? 0) },
      ],
      series,
    ),
  );
}

function columns(model: ModelDetail, series: readonly ScoreSeries[]): HTMLElement {
  const metrics = [...new Set(series.map((entry) => entry.metric))].sort();
  const names = [
    ...new Set([...model.features.map(({ feature }) => feature), ...series.map(({ feature }) => feature)]),
  ].sort();
  if (names.length === 0) return section('Columns', h('p', { class: 'quiet-text' }, 'No event has been counted yet.'));
  const latest = new Map(model.features.map((row) => [row.feature, row.latest]));
  return section(
    'Columns',
    table(
      'Latest score of each column',
      [
        { head: 'Column', cell: (name) => link(featurePath(model.model, name), name) },
        ...metrics.map((metric) => ({
          head: metric,
          numeric: true,
          cell: (name: string) => score(series, name, metric),
        })),
        { head: 'Values', numeric: true, cell: (name) => number(latest.get(name)?.count) },
        { head: 'Missing', numeric: true, cell: (name) => percent(latest.get(name)?.missing_rate ?? null) },
      ],
      names,
    ),
  );
}

/** The worst of the latest scores of that column and metric, over versions, roles and monitors. */
function score(series: readonly ScoreSeries[], feature: string, metric: string): Child {
  const fitting = series.filter((entry) => entry.feature === feature && entry.metric === metric);
  const worst = fitting.find((entry) => entry.points.at(-1)?.breached) ?? fitting[0];
  return worst ? reading(worst.points) : '';
}

function windows(model: ModelDetail): HTMLElement {
  const rows = [...model.windows].reverse().slice(0, 12);
  if (rows.length === 0) return section('Windows', h('p', { class: 'quiet-text' }, 'No window has been counted yet.'));
  return section(
    'Latest windows',
    table(
      'Latest windows',
      [
        { head: 'From', cell: (row) => time(row.window_start) },
        { head: 'To', cell: (row) => time(row.window_end) },
        { head: 'Version', cell: (row) => row.version || '–' },
        { head: 'Role', cell: (row) => row.role },
        { head: 'Events', numeric: true, cell: (row) => count(row.events) },
        { head: 'Errors', numeric: true, cell: (row) => count(row.errors) },
        { head: 'State', cell: (row) => windowBadge(row.state) },
      ],
      rows,
    ),
  );
}

function registry(model: ModelDetail): HTMLElement {
  return section(
    'Registry',
    model.versions.length > 0 &&
      table(
        'Versions',
        [
          { head: 'Version', cell: (row) => row.version || '–' },
          { head: 'Role', cell: (row) => row.role },
          { head: 'First seen', cell: (row) => time(row.first_seen) },
        ],
        model.versions,
      ),
    model.baselines.length > 0 &&
      table(
        'Baselines',
        [
          { head: 'Baseline', cell: (row) => row.baseline },
          { head: 'Version', cell: (row) => h('code', {}, row.baseline_version.slice(0, 12)) },
          { head: 'Rows', numeric: true, cell: (row) => count(row.rows) },
          { head: 'Columns', numeric: true, cell: (row) => count(row.columns) },
          { head: 'Registered', cell: (row) => time(row.registered_at) },
        ],
        model.baselines,
      ),
    h(
      'p',
      {},
      model.declared
        ? badge('declared', 'none', 'Named in the configuration')
        : badge('registered on sight', 'none', 'Known from its events'),
    ),
  );
}
