import uPlot from 'uplot';
import { h } from './dom.ts';
import { number, time } from './format.ts';
import type { ScorePoint, ScoreSeries } from './types.ts';

const HEIGHT = 220;

/** A series of effects (what is compared with the threshold) with the threshold; breached windows are shaded and their points filled, provisional points hollow. */
export function scoreChart(series: ScoreSeries): HTMLElement {
  const box = h('div', { class: 'chart', role: 'img', 'aria-label': describe(series) });
  const draw = (width: number): uPlot => new uPlot(options(series, width), data(series.points), box);
  let plot: uPlot | null = null;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry!.contentRect.width);
    if (width < 50) return;
    if (plot) plot.setSize({ width, height: HEIGHT });
    else plot = draw(width);
  }).observe(box);
  return box;
}

function describe({ metric, feature, points }: ScoreSeries): string {
  const breached = points.filter((point) => point.breached).length;
  const last = points.at(-1);
  const latest = last ? `latest ${number(last.effect)} against threshold ${number(last.threshold)}` : 'no score';
  return `${metric} of ${feature}: ${points.length} windows, ${breached} breached, ${latest}`;
}

function data(points: readonly ScorePoint[]): uPlot.AlignedData {
  return [
    points.map((point) => point.window_start / 1000),
    points.map((point) => point.effect),
    points.map((point) => point.threshold),
  ];
}

function options({ points, metric }: ScoreSeries, width: number): uPlot.Options {
  const axis = {
    stroke: () => color('--muted'),
    grid: { stroke: () => color('--rule'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: { y: false, points: { size: 9 } },
    scales: { y: { range: (_plot, _low, high) => [0, (high || 1) * 1.12] } },
    axes: [
      { ...axis, values: (_plot, ticks) => ticks.map(tick) },
      { ...axis, size: 58, values: (_plot, ticks) => ticks.map((value) => number(value)) },
    ],
    series: [
      { label: 'Window from', value: (_plot, value) => (value === null ? '–' : time(value * 1000)) },
      {
        label: metric,
        stroke: () => color('--current'),
        width: 2,
        points: { show: false },
        value: (_plot, value) => number(value),
      },
      {
        label: 'Threshold',
        stroke: () => color('--bad'),
        width: 1.5,
        dash: [6, 4],
        points: { show: false },
        value: (_plot, value) => number(value),
      },
    ],
    hooks: { drawClear: [(plot) => shade(plot, points)], draw: [(plot) => mark(plot, points)] },
  };
}

const DAY_NAME = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** The day at midnight UTC, otherwise the time. */
function tick(seconds: number): string {
  const date = new Date(seconds * 1000);
  return seconds % 86_400 === 0 ? DAY_NAME.format(date) : date.toISOString().slice(11, 16);
}

function shade(plot: uPlot, points: readonly ScorePoint[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = color('--bad-soft');
  for (const point of points.filter(({ breached }) => breached)) {
    const half = (point.window_end - point.window_start) / 2000;
    const from = Math.max(bbox.left, plot.valToPos(point.window_start / 1000 - half, 'x', true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(point.window_start / 1000 + half, 'x', true));
    ctx.fillRect(from, bbox.top, Math.max(1, to - from), bbox.height);
  }
  ctx.restore();
}

function mark(plot: uPlot, points: readonly ScorePoint[]): void {
  const { ctx } = plot;
  const radius = 3.5 * devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 2 * devicePixelRatio;
  for (const point of points) {
    const value = point.effect;
    if (value === null) continue;
    const tone = color(point.breached ? '--bad' : '--current');
    ctx.beginPath();
    ctx.arc(
      plot.valToPos(point.window_start / 1000, 'x', true),
      plot.valToPos(value, 'y', true),
      radius,
      0,
      2 * Math.PI,
    );
    ctx.fillStyle = point.state === 'provisional' ? color('--panel') : tone;
    ctx.strokeStyle = tone;
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}
