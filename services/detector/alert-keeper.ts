import { isOpen, revise } from '../../lib/core/alerts/episode.ts';
import {
  type AlertBook,
  identityKey,
  rebuildAlerts,
  record,
  restore,
  type Subject,
  stepWindow,
} from '../../lib/core/alerts/episode-book.ts';
import type { WindowVerdict } from '../../lib/core/alerts/episode-types.ts';
import type { AlertEvent } from '../../lib/core/alerts/types.ts';
import type { Score } from '../../lib/core/detection/types.ts';
import { featureVerdicts } from '../../lib/core/detection/verdict.ts';
import type { Monitor } from '../../lib/core/monitors/types.ts';
import type { Store } from '../../lib/ports/store.ts';
import { lastAlertsOfModel } from '../../lib/tables/alerts.ts';
import { readScores, type StoredScore, scoredReach } from '../../lib/tables/scores.ts';

/** Windows scored in one go at most: what a crash can leave scored but not acted upon. */
export const BATCH_WINDOWS = 64;
/** Windows an alert's runs are rebuilt from, at least: the batch, and enough for any run to be decided. */
const LOOKBACK = BATCH_WINDOWS + 64;

type Verdicts = Map<number, (Subject & { verdict: WindowVerdict })[]>;

/** A (version, role) of the model. */
interface Line {
  version: string;
  role: string;
  /** Starts of the windows evaluated last, ascending; at most LOOKBACK. */
  starts: number[];
}

/**
 * The alerts of one model: evaluates scores in time order. What was evaluated and what came of it is read back from the
 * store, so that another process goes on where this one stops.
 */
export class AlertKeeper {
  private readonly store: Store;
  private readonly model: string;
  private readonly monitors: ReadonlyMap<string, Monitor>;
  private readonly book: AlertBook = new Map();
  private readonly lines = new Map<string, Line>();

  constructor(store: Store, model: string, monitors: readonly Monitor[]) {
    this.store = store;
    this.model = model;
    this.monitors = new Map(monitors.map((monitor) => [monitor.name, monitor]));
  }

  /** Reads back where the alerts stand. Returns what a crash kept from being said. */
  async load(): Promise<AlertEvent[]> {
    restore(this.book, await lastAlertsOfModel(this.store, this.model));
    for (const { version, role, starts } of await scoredReach(this.store, this.model, LOOKBACK)) {
      this.lines.set(lineKey(version, role), { version, role, starts });
    }
    const events = this.closeOrphans();
    for (const line of this.lines.values()) events.push(...(await this.rebuild(line)));
    return events;
  }

  /**
   * Acts on new scores (already stored): windows later than all before them step the alerts; an earlier one, revised or
   * late, rebuilds those of its (version, role) from the store.
   */
  async act(scores: readonly Score[]): Promise<AlertEvent[]> {
    const late = new Set<Line>();
    const fresh: Score[] = [];
    for (const [line, own] of this.byLine(scores)) {
      const last = line.starts.at(-1) ?? Number.NEGATIVE_INFINITY;
      const isLate = own.some((score) => score.window.start <= last);
      if (isLate) late.add(line);
      else fresh.push(...own);
      this.remember(line, own);
    }
    const events: AlertEvent[] = [];
    for (const line of late) events.push(...(await this.rebuild(line)));
    const verdicts = this.verdicts(fresh.map((score) => ({ ...score, ...score.window })));
    const inOrder = [...verdicts].sort(([a], [b]) => a - b);
    return [...events, ...inOrder.flatMap(([, subjects]) => stepWindow(this.book, subjects))];
  }

  /** Puts events that were completed (explained) in place of those `act` returned. */
  complete(events: readonly AlertEvent[]): void {
    record(this.book, events);
  }

  private async rebuild(line: Line): Promise<AlertEvent[]> {
    const { version, role } = line;
    const open = [...this.book.values()].flatMap(({ last }) =>
      isOpen(last) && last.version === version && last.role === role ? [last.since] : [],
    );
    const since = Math.min(line.starts[0] ?? Number.POSITIVE_INFINITY, ...open);
    if (!Number.isFinite(since)) return [];
    const scores = await readScores(this.store, this.model, version, role, since);
    const histories = new Map<string, Subject & { windows: WindowVerdict[] }>();
    for (const [, subjects] of [...this.verdicts(scores)].sort(([a], [b]) => a - b)) {
      for (const { identity, policy, verdict } of subjects) {
        const key = identityKey(identity);
        const history = histories.get(key) ?? { identity, policy, windows: [] };
        history.windows.push(verdict);
        histories.set(key, history);
      }
    }
    return rebuildAlerts(this.book, [...histories.values()]);
  }

  /** Ends the open alerts of monitors that are configured no more: nothing would ever clear them. */
  private closeOrphans(): AlertEvent[] {
    const events: AlertEvent[] = [];
    for (const { last } of this.book.values()) {
      if (!isOpen(last) || this.monitors.has(last.monitor)) continue;
      const state = last.state === 'pending' ? 'withdrawn' : 'resolved';
      const reason = `monitor ${last.monitor} is no longer configured`;
      const { event } = revise(last, state, last.members, last.asOf, reason);
      if (event !== null) events.push(event);
    }
    return record(this.book, events);
  }

  /** Scores as verdicts by window start: one subject for each alert. */
  private verdicts(scores: readonly StoredScore[]): Verdicts {
    const groups = new Map<string, StoredScore[]>();
    for (const score of scores) {
      const key = JSON.stringify([score.start, score.end, score.monitor, score.version, score.role, score.segment]);
      const group = groups.get(key);
      if (group) group.push(score);
      else groups.set(key, [score]);
    }
    const result: Verdicts = new Map();
    for (const group of groups.values()) {
      const { start, end, monitor: name, version, role, segment } = group[0]!;
      const monitor = this.monitors.get(name);
      if (monitor === undefined) continue;
      const identity = { monitor: name, model: this.model, version, role, segment };
      const policy = { persistence: monitor.persistence, severity: monitor.severity };
      const verdict = { start, end, features: featureVerdicts(group, monitor) };
      result.set(start, [...(result.get(start) ?? []), { identity, policy, verdict }]);
    }
    return result;
  }

  private byLine(scores: readonly Score[]): Map<Line, Score[]> {
    const groups = new Map<Line, Score[]>();
    for (const score of scores) {
      const key = lineKey(score.version, score.role);
      const line = this.lines.get(key) ?? { version: score.version, role: score.role, starts: [] };
      this.lines.set(key, line);
      const group = groups.get(line);
      if (group) group.push(score);
      else groups.set(line, [score]);
    }
    return groups;
  }

  private remember(line: Line, scores: readonly Score[]): void {
    const starts = new Set([...line.starts, ...scores.map((score) => score.window.start)]);
    line.starts = [...starts].sort((a, b) => a - b).slice(-LOOKBACK);
  }
}

function lineKey(version: string, role: string): string {
  return JSON.stringify([version, role]);
}
