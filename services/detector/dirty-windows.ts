import { isComplete } from '../../lib/core/detection/watermark.ts';
import type { WindowRef } from '../../lib/tables/ledger.ts';

/** How long a window that cannot be read holds back later ones, ms. Then its aggregator is taken for dead. */
const HOLD_MS = 30_000;

export interface DirtyWindow extends WindowRef {
  /** Not to be read before this time (clock, ms). */
  notBefore: number;
  /** Since when it was found being written to, or null. */
  tornSince: number | null;
}

/**
 * Windows of one model with ledger rows that are not in a sealed row yet, or not scored. They leave in time order: a
 * window judged before an earlier one would break the runs that alerts are made of.
 */
export class DirtyWindows {
  private readonly windows = new Map<string, DirtyWindow>();

  add(windows: Iterable<WindowRef>): void {
    for (const { version, role, start, end } of windows) {
      const key = windowKey({ version, role, start, end });
      const tornSince = this.windows.get(key)?.tornSince ?? null;
      this.windows.set(key, { version, role, start, end, notBefore: 0, tornSince });
    }
  }

  /** Puts back windows that were being written to; `now` and `notBefore` on the clock, ms. */
  addTorn(windows: Iterable<DirtyWindow>, now: number, notBefore: number): void {
    for (const { version, role, start, end, tornSince } of windows) {
      const key = windowKey({ version, role, start, end });
      this.windows.set(key, { version, role, start, end, notBefore, tornSince: tornSince ?? now });
    }
  }

  /** Whether some window is complete and may be read. */
  due(delayMs: number, passed: number, now: number): boolean {
    return this.ready(delayMs, passed, now).length > 0;
  }

  /** Different starts among the complete windows that may be read. */
  dueStarts(delayMs: number, passed: number, now: number): number {
    return new Set(this.ready(delayMs, passed, now).map((window) => window.start)).size;
  }

  /** When the next complete window may be read, or null. */
  nextDue(delayMs: number, passed: number): number | null {
    const first = this.complete(delayMs, passed)[0];
    return first === undefined ? null : first.notBefore;
  }

  /** Takes out the windows with the `count` earliest starts among those that may be read, in time order. */
  take(count: number, delayMs: number, passed: number, now: number): DirtyWindow[] {
    const ready = this.ready(delayMs, passed, now);
    const starts = new Set([...new Set(ready.map((window) => window.start))].slice(0, count));
    const taken = ready.filter((window) => starts.has(window.start));
    for (const window of taken) this.windows.delete(windowKey(window));
    return taken;
  }

  private ready(delayMs: number, passed: number, now: number): DirtyWindow[] {
    const ready: DirtyWindow[] = [];
    for (const window of this.complete(delayMs, passed)) {
      if (window.notBefore <= now) ready.push(window);
      else if (window.tornSince === null || now - window.tornSince < HOLD_MS) break;
    }
    return ready;
  }

  private complete(delayMs: number, passed: number): DirtyWindow[] {
    const complete = [...this.windows.values()].filter((window) => isComplete(window.end, delayMs, passed));
    return complete.sort((a, b) => a.start - b.start);
  }
}

/** Names one window of one (version, role) of a model. */
export function windowKey({ version, role, start, end }: WindowRef): string {
  return JSON.stringify([version, role, start, end]);
}
