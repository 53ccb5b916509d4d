import { newWatermark, observeProgress, passedTime, type Watermark } from '../../lib/core/detection/watermark.ts';
import { topicIdOf } from '../../lib/core/incarnation.ts';
import type { ProgressMessage } from '../../lib/core/messages/types.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { Store } from '../../lib/ports/store.ts';
import { progressByPartition } from '../../lib/tables/ledger.ts';

/**
 * How far the input topic has come. Announcements say so as they happen; what was announced before this process listened
 * is in the manifests. Recreated topics and added partitions are noticed by describing the topic: at start, now and then,
 * and at once when an announcement names what is not known.
 */
export class InputProgress {
  private readonly log: Log;
  private readonly store: Store;
  private readonly topic: string;
  private current: Watermark = newWatermark('', 0);
  /** Reports of an incarnation not described yet. */
  private strange: ProgressMessage[] = [];
  private refreshing: Promise<void> | null = null;

  constructor(log: Log, store: Store, topic: string) {
    this.log = log;
    this.store = store;
    this.topic = topic;
  }

  /** Every partition has passed this time, ms; -1: not known of all. */
  passed(): number {
    return passedTime(this.current);
  }

  /** False when the message tells of something that only `refresh` can judge. */
  observe(report: ProgressMessage): boolean {
    if (report.topic !== this.topic) return true;
    // A truncated partition goes on under an incarnation of its own; time does not begin anew with it.
    if (topicIdOf(report.incarnation) !== this.current.topicId) {
      this.strange = [...this.strange.slice(-99), report];
      return false;
    }
    this.current = observeProgress(this.current, report);
    return report.partition < this.current.partitions;
  }

  /** Describes the topic and reads the manifests of an incarnation that is new. One at a time. */
  refresh(): Promise<void> {
    this.refreshing ??= this.describe().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async describe(): Promise<void> {
    const { incarnation, partitions } = await this.log.describeTopic(this.topic);
    if (incarnation === this.current.topicId) {
      if (partitions !== this.current.partitions) this.current = { ...this.current, partitions };
      this.strange = [];
      return;
    }
    const stored = await progressByPartition(this.store, this.topic, incarnation);
    // What was passed by idleness is in no manifest: an aggregator that runs tells it again.
    const known = stored.map((report) => ({ ...report, passed: report.arrived }));
    this.current = [...known, ...this.strange].reduce(observeProgress, newWatermark(incarnation, partitions));
    this.strange = [];
  }
}
