import { h, svg } from './dom.ts';
import { count, number, percent } from './format.ts';
import type { Distribution, Side } from './types.ts';

const WIDTH = 640;
const HEIGHT = 200;

/** Reference and current distribution in one picture, with legend and the counts of both sides. */
export function distributionFigure(distribution: Distribution): HTMLElement {
  const picture = distribution.kind === 'numeric' ? numericPicture(distribution) : categoryBars(distribution);
  return h(
    'figure',
    { class: 'distribution' },
    legend(distribution),
    h('div', { class: 'picture' }, picture),
    sides(distribution),
  );
}

function legend({ reference, current }: Distribution): HTMLElement {
  const item = (tone: string, label: string, side: Side | null): HTMLElement =>
    h(
      'span',
      { class: `key ${tone}` },
      side ? `${label} (${side.name.replace('T00:00:00.000Z', '')}, ${count(side.count)} events)` : `${label}: none`,
    );
  return h(
    'figcaption',
    { class: 'legend' },
    item('reference', 'Reference', reference),
    item('current', 'Current', current),
  );
}

function numericPicture({ bins }: Distribution): Element {
  if (bins.length === 0) return h('p', { class: 'quiet-text' }, 'Neither side has a usable number.');
  const [low, high] = [bins[0]!.low, bins.at(-1)!.high];
  const top = Math.max(...bins.flatMap((bin) => [bin.reference ?? 0, bin.current ?? 0])) || 1;
  const x = (value: number): number => ((value - low) / (high - low)) * WIDTH;
  const y = (share: number): number => HEIGHT - (share / top) * (HEIGHT - 6);
  const bars = bins.map((bin) => {
    const title = `${number(bin.low)} to ${number(bin.high)}: reference ${percent(bin.reference)}, current ${percent(bin.current)}`;
    const bar = (share: number | null, tone: string): SVGElement =>
      svg('rect', {
        x: x(bin.low) + 0.5,
        y: y(share ?? 0),
        width: Math.max(0.5, x(bin.high) - x(bin.low) - 1),
        height: HEIGHT - y(share ?? 0),
        class: `bar ${tone}`,
      });
    const hit = svg(
      'rect',
      { x: x(bin.low), y: 0, width: x(bin.high) - x(bin.low), height: HEIGHT, class: 'hit' },
      svg('title', {}, title),
    );
    return svg('g', {}, bar(bin.reference, 'reference'), bar(bin.current, 'current'), hit);
  });
  const picture = svg(
    'svg',
    {
      class: 'histogram',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': 'Histogram of reference and current values',
    },
    ...bars,
    svg('line', { x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT, class: 'axis' }),
  );
  const labels = [0, 0.25, 0.5, 0.75, 1].map((part) => h('span', {}, number(low + part * (high - low))));
  return h('div', {}, picture, h('div', { class: 'axis-labels', 'aria-hidden': 'true' }, ...labels));
}

function categoryBars({ categories, other }: Distribution): Element {
  const rows =
    (other.reference ?? 0) + (other.current ?? 0) > 1e-9
      ? [...categories, { category: 'all others', ...other }]
      : categories;
  if (rows.length === 0) return h('p', { class: 'quiet-text' }, 'Neither side has a value.');
  const top = Math.max(...rows.flatMap((row) => [row.reference ?? 0, row.current ?? 0])) || 1;
  return h('div', { class: 'categories' }, ...rows.map((row) => categoryRow(row, top)));
}

function categoryRow(row: Distribution['categories'][number], top: number): HTMLElement {
  const bar = (share: number | null, tone: string): Element => {
    const shape = svg('rect', { x: 0, y: 0, width: ((share ?? 0) / top) * 100, height: 10, class: `bar ${tone}` });
    const picture = svg('svg', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, shape);
    return h('div', { class: 'category-bar' }, picture, h('span', {}, percent(share)));
  };
  const note = row.reference === 0 ? ' (new)' : row.current === 0 ? ' (gone)' : '';
  return h(
    'div',
    { class: 'category' },
    h(
      'span',
      { class: 'category-name', title: row.category },
      row.category === '' ? '(empty)' : row.category,
      note && h('em', {}, note),
    ),
    h('div', {}, bar(row.reference, 'reference'), bar(row.current, 'current')),
  );
}

function sides({ reference, current }: Distribution): HTMLElement {
  const rate = (side: Side | null, value: (side: Side) => number): string =>
    side && side.count > 0 ? percent(value(side) / side.count) : '–';
  const row = (label: string, of: (side: Side | null) => string): HTMLElement =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, label),
      h('td', { class: 'number' }, of(reference)),
      h('td', { class: 'number' }, of(current)),
    );
  const moments =
    reference?.mean != null || current?.mean != null
      ? [
          row('Mean', (side) => number(side?.mean)),
          row('Minimum', (side) => number(side?.min)),
          row('Maximum', (side) => number(side?.max)),
        ]
      : [];
  return h(
    'table',
    { class: 'sides' },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('td', {}),
        h('th', { scope: 'col', class: 'number' }, 'Reference'),
        h('th', { scope: 'col', class: 'number' }, 'Current'),
      ),
    ),
    h(
      'tbody',
      {},
      row('Usable values', (side) => (side ? count(side.n) : '–')),
      row('Missing', (side) => rate(side, ({ missing }) => missing)),
      row('NaN or infinite', (side) => rate(side, ({ nan, infinite }) => nan + infinite)),
      row('Wrong type', (side) => rate(side, ({ wrong_type }) => wrong_type)),
      ...moments,
    ),
  );
}
