import type { Resolution } from '../../../lib/core/windows/periods.ts';
import type { SqlParams, Store } from '../../../lib/ports/store.ts';
import { loadModelNames } from '../../../lib/tables/models.ts';
import { sqlTime } from '../../../lib/tables/time.ts';

/** A condition on `model` and `w.window_start`, `w` being a view or table of windows, with the values of its parameters. */
export interface Condition {
  sql: string;
  params: SqlParams;
}

interface Line {
  model: string;
  version: string;
  role: string;
  /** Start of the hour (or day) in which the line's last `windows` windows begin, ms; 0: it has had no more than those. */
  since: number;
  /** End of the last one rolled up, ms. */
  end: number;
}

/** What a point of a series stands for. */
export type PointLength = 'window' | Resolution;

/** What views by this length end in. */
export const VIEW_SUFFIX: Readonly<Record<PointLength, string>> = { window: '', hour: '_hourly', day: '_daily' };

/**
 * Where the last `windows` windows (or hours, or days) of a model lie, or of every model: time ranges that hold at least those
 * of each (version, role), found by the hours and days that count them, so that nobody reads a month of windows for the last
 * forty.
 */
export async function recentWindows(
  store: Store,
  model: string | null,
  windows: number,
  length: PointLength = 'window',
): Promise<Condition> {
  const lines = await store.query<Line>(LINES[length], { all: model === null ? 1 : 0, model: model ?? '', windows });
  return model === null ? ofAll(lines, await loadModelNames(store)) : ofOne(model, lines);
}

/**
 * Models without an hour or a day yet have few rows: those are read whole. They are named: the engine would skip nothing for
 * a NOT IN.
 */
function ofAll(lines: readonly Line[], names: ReadonlySet<string>): Condition {
  const sinceOf = new Map<string, number>();
  // Of a model's lines the one that came furthest: those before it are not its latest.
  for (const { model, since } of lines) sinceOf.set(model, Math.max(since, sinceOf.get(model) ?? 0));
  const groups = new Map<number, string[]>();
  for (const [model, since] of sinceOf) if (since > 0) groups.set(since, [...(groups.get(since) ?? []), model]);
  const others = [...names].filter((name) => (sinceOf.get(name) ?? 0) === 0);
  const params: Record<string, unknown> = { others };
  const parts = [...groups].map(([since, models], i) => {
    params[`models${i}`] = models;
    params[`since${i}`] = sqlTime(since);
    return `(model IN {models${i}:Array(String)} AND w.window_start >= toDateTime64({since${i}:String}, 3, 'UTC'))`;
  });
  if (others.length > 0) return { sql: `(${[...parts, 'model IN {others:Array(String)}'].join(' OR ')})`, params };
  if (parts.length === 0) return { sql: '0', params: {} };
  // By this alone the engine leaves out partitions; an OR tells it nothing of them.
  params.earliest = sqlTime(Math.min(...groups.keys()));
  return { sql: `w.window_start >= toDateTime64({earliest:String}, 3, 'UTC') AND (${parts.join(' OR ')})`, params };
}

function ofOne(model: string, lines: readonly Line[]): Condition {
  const own = 'model = {recentModel:String}';
  if (lines.length === 0) return { sql: own, params: { recentModel: model } };
  const latest = Math.max(...lines.map(({ end }) => end));
  const tail: [number, number] = [latest, Number.POSITIVE_INFINITY];
  const ranges = merged([...lines.map(({ since, end }): [number, number] => [since, end]), tail]);
  const params: Record<string, unknown> = { recentModel: model };
  const parts = ranges.map(([from, to], i) => {
    params[`from${i}`] = sqlTime(from);
    const start = `w.window_start >= toDateTime64({from${i}:String}, 3, 'UTC')`;
    if (to === Number.POSITIVE_INFINITY) return `(${start})`;
    params[`to${i}`] = sqlTime(to);
    return `(${start} AND w.window_start < toDateTime64({to${i}:String}, 3, 'UTC'))`;
  });
  return { sql: `${own} AND (${parts.join(' OR ')})`, params };
}

function merged(ranges: readonly [from: number, to: number][]): [number, number][] {
  const result: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

/** A model that has been silent for so long is read whole where all models are asked for: it has few windows left. */
const SILENT_DAYS = 40;
const NOT_SILENT = `
      AND ({model:String} != '' OR window_start >= (SELECT max(window_start) FROM hour_rows) - INTERVAL ${SILENT_DAYS} DAY)`;

/** Lines of a model, by the rows of its hours or days, each of which counts as `amount`. */
const linesOf = (resolution: Resolution, amount: string): string => `
  SELECT model, version, role, toUnixTimestamp64Milli(maxIf(window_start, reached >= {windows:UInt32})) AS since,
    toUnixTimestamp64Milli(max(window_end)) AS end
  FROM (
    SELECT model, version, role, window_start, window_end,
      sum(${amount}) OVER (PARTITION BY model, version, role ORDER BY window_start DESC, window_end DESC) AS reached
    FROM ${resolution}_rows FINAL
    WHERE feature = '' AND segment = '' AND ({all:UInt8} OR model = {model:String})${resolution === 'hour' ? NOT_SILENT : ''})
  GROUP BY model, version, role`;

const LINES: Readonly<Record<PointLength, string>> = {
  window: `
  SELECT model, version, role, max(since) AS since, max(end) AS end
  FROM (${linesOf('hour', 'windows')} UNION ALL ${linesOf('day', 'windows')})
  GROUP BY model, version, role ORDER BY model, version, role`,
  hour: linesOf('hour', '1'),
  day: linesOf('day', '1'),
};
