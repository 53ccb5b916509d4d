import { isComplete } from '../../lib/core/detection/watermark.ts';
import type { WindowRef } from '../../lib/tables/ledger.ts';

interface Dirty extends WindowRef {
  /** Not to be read before this time (clock, ms): it was being written to. */
  notBefore: number;
}

/** Windows of one model with ledger rows that are not in a sealed row yet, or not scored. */
export class DirtyWindows {
  private readonly windows = new Map<string, Dirty>();

  add(windows: Iterable<WindowRef>, notBefore = 0): void {
    for (const window of windows) this.windows.set(windowKey(window), { ...window, notBefore });
  }

  /** Whether some window is complete and may be read. */
  due(delayMs: number, passed: number, now: number): boolean {
    for (const window of this.windows.values()) if (isDue(window, delayMs, passed, now)) return true;
    return false;
  }

  /** When the next complete window may be read, or null. */
  nextDue(delayMs: number, passed: number): number | null {
    let next: number | null = null;
    for (const window of this.windows.values()) {
      if (isComplete(window.end, delayMs, passed)) next = Math.min(next ?? window.notBefore, window.notBefore);
    }
    return next;
  }

  /** Takes out the due windows with the `count` earliest starts, in time order. */
  take(count: number, delayMs: number, passed: number, now: number): WindowRef[] {
    const due = [...this.windows.values()].filter((window) => isDue(window, delayMs, passed, now));
    const starts = new Set([...new Set(due.map((window) => window.start))].sort((a, b) => a - b).slice(0, count));
    const taken = due.filter((window) => starts.has(window.start));
    for (const window of taken) this.windows.delete(windowKey(window));
    return taken.sort((a, b) => a.start - b.start);
  }
}

/** Names one window of one (version, role) of a model. */
export function windowKey({ version, role, start, end }: WindowRef): string {
  return JSON.stringify([version, role, start, end]);
}

function isDue(window: Dirty, delayMs: number, passed: number, now: number): boolean {
  return window.notBefore <= now && isComplete(window.end, delayMs, passed);
}
