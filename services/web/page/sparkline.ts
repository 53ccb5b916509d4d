import { svg } from './dom.ts';
import { number } from './format.ts';

const WIDTH = 160;
const HEIGHT = 36;
const PAD = 3;

export interface SparkPoint {
  value: number | null;
  breached: boolean;
}

/** A small line with its threshold; gaps where there is no score, red dots where it was breached. */
export function sparkline(points: readonly SparkPoint[], threshold: number | null, label: string): SVGElement {
  const values = points.map((point) => point.value).filter((value) => value !== null);
  const top = Math.max((threshold ?? 0) * 1.25, ...values) || 1;
  const x = (i: number): number =>
    points.length < 2 ? WIDTH / 2 : PAD + (i * (WIDTH - 2 * PAD)) / (points.length - 1);
  const y = (value: number): number => HEIGHT - PAD - (Math.min(value, top) / top) * (HEIGHT - 2 * PAD);
  // Zero-length strokes with round caps: circles would be stretched with the picture.
  const dots = points.flatMap((point, i) =>
    point.value !== null && (point.breached || points.length === 1)
      ? [svg('path', { d: `M${x(i)} ${y(point.value)}h0`, class: point.breached ? 'dot bad' : 'dot' })]
      : [],
  );
  const last = [...points].reverse().find((point) => point.value !== null);
  const against = threshold === null ? '' : `, threshold ${number(threshold)}`;
  const summary = last ? `${label}: ${number(last.value)}${against}` : `${label}: no score yet`;
  return svg(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-label': summary,
      preserveAspectRatio: 'none',
    },
    threshold !== null && svg('line', { x1: 0, x2: WIDTH, y1: y(threshold), y2: y(threshold), class: 'threshold' }),
    svg('path', { d: path(points, x, y), class: 'line' }),
    ...dots,
  );
}

function path(points: readonly SparkPoint[], x: (i: number) => number, y: (value: number) => number): string {
  let pen = 'M';
  return points
    .map(({ value }, i) => {
      if (value === null) {
        pen = 'M';
        return '';
      }
      const step = `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = 'L';
      return step;
    })
    .join('');
}
