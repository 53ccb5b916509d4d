import { badge, severityBadge, windowBadge } from '../badges.ts';
import { empty, h, link, section, table } from '../dom.ts';
import { count, featurePath, modelPath, number, percent, pValue, time } from '../format.ts';
import { distributionFigure } from '../histogram.ts';
import { scoreChart } from '../score-chart.ts';
import { sparkline } from '../sparkline.ts';
import type { FeatureDetail, FeatureStats, ScorePoint, ScoreSeries } from '../types.ts';

const ROWS = 20;

export function featureView(detail: FeatureDetail): HTMLElement[] {
  const { model, feature, segment } = detail;
  return [
    h('p', { class: 'crumbs' }, link('/', 'Models'), ' / ', link(modelPath(model), model)),
    h('div', { class: 'title' }, h('h1', {}, feature), segment !== '' && badge(segment, 'none', 'Segment')),
    distributionSection(detail),
    ...(detail.series.length > 0 ? detail.series.map(seriesSection) : [notTested()]),
    missingSection(detail.stats),
  ];
}

function notTested(): HTMLElement {
  return empty('No score yet', h('p', {}, 'No monitor has tested this column in a complete window.'));
}

function seriesSection(series: ScoreSeries): HTMLElement {
  const last = series.points.at(-1);
  return section(
    `${series.metric}`,
    h(
      'p',
      { class: 'about' },
      h('code', {}, series.definition),
      ` against ${series.baseline}, monitor ${series.monitor}`,
      series.version !== '' && `, version ${series.version}`,
      series.role !== 'champion' && `, ${series.role}`,
      ' ',
      last?.breached ? severityBadge(series.severity) : null,
    ),
    scoreChart(series),
    h('details', {}, h('summary', {}, 'Windows as a table'), pointsTable(series.points)),
  );
}

function pointsTable(points: readonly ScorePoint[]): HTMLElement {
  return table(
    'Scores by window',
    [
      { head: 'From', cell: (row) => time(row.window_start) },
      {
        head: 'Score',
        numeric: true,
        cell: (row) => (row.score === null ? row.note || 'not enough data' : number(row.score)),
      },
      { head: 'Effect', numeric: true, cell: (row) => number(row.effect) },
      { head: 'Threshold', numeric: true, cell: (row) => number(row.threshold) },
      { head: 'Breached', cell: (row) => (row.breached ? badge('over', 'bad') : '') },
      { head: 'p', numeric: true, cell: (row) => pValue(row.p_value) },
      { head: 'Values', numeric: true, cell: (row) => count(row.n_current) },
      { head: 'Reference values', numeric: true, cell: (row) => count(row.n_baseline) },
      { head: 'State', cell: (row) => windowBadge(row.state) },
    ],
    [...points].reverse().slice(0, ROWS * 3),
  );
}

function distributionSection({ distribution, window, model, feature, segment, stats }: FeatureDetail): HTMLElement {
  const about = window
    ? h('p', { class: 'about' }, `Window ${time(window.start)} to ${time(window.end)} `, windowBadge(window.state))
    : h('p', { class: 'about' }, 'No window is complete yet; shown is the reference alone.');
  return section(
    'Reference against current',
    about,
    windowPicker(model, feature, segment, stats, window?.start),
    distribution
      ? distributionFigure(distribution)
      : h('p', { class: 'quiet-text' }, window?.note || 'There is no distribution to show for this choice.'),
  );
}

function windowPicker(
  model: string,
  feature: string,
  segment: string,
  stats: readonly FeatureStats[],
  chosen: number | undefined,
): HTMLElement {
  const sealed = [
    ...new Set(stats.filter(({ state }) => state !== 'provisional').map((row) => row.window_start)),
  ].reverse();
  if (sealed.length < 2) return h('p', {});
  const query: Record<string, string> = segment === '' ? {} : { segment };
  const options = sealed.map((start) => h('option', { value: start, selected: start === chosen }, time(start)));
  const go = (event: Event): void => {
    const target = featurePath(model, feature, { ...query, window_start: (event.target as HTMLSelectElement).value });
    document.dispatchEvent(new CustomEvent('driftline:go', { detail: target }));
  };
  return h('p', {}, h('label', {}, 'Window from ', h('select', { change: go, 'data-keep': 'window' }, ...options)));
}

function missingSection(stats: readonly FeatureStats[]): HTMLElement {
  if (stats.length === 0)
    return section('Counts by window', h('p', { class: 'quiet-text' }, 'No event has been counted yet.'));
  const rates = stats.map((row) => ({ value: row.count > 0 ? row.missing / row.count : null, breached: false }));
  return section(
    'Counts by window',
    h('div', { class: 'rate' }, h('span', {}, 'Missing rate'), sparkline(rates, null, 'Missing rate')),
    table(
      'Counts by window',
      [
        { head: 'From', cell: (row) => time(row.window_start) },
        { head: 'Version', cell: (row) => row.version || '–' },
        { head: 'Role', cell: (row) => row.role },
        { head: 'Values', numeric: true, cell: (row) => count(row.count) },
        { head: 'Missing', numeric: true, cell: (row) => percent(row.count > 0 ? row.missing / row.count : null) },
        { head: 'NaN, ∞', numeric: true, cell: (row) => count(row.nan + row.infinite) },
        { head: 'Wrong type', numeric: true, cell: (row) => count(row.wrong_type) },
        { head: 'Mean', numeric: true, cell: (row) => number(row.mean) },
        { head: 'Std. dev.', numeric: true, cell: (row) => number(row.stddev) },
        { head: 'State', cell: (row) => windowBadge(row.state) },
      ],
      [...stats].reverse().slice(0, ROWS),
    ),
  );
}
