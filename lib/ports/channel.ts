import type { IncidentNotice } from '../core/alerts/types.ts';

/** What a channel did with one notice. `retry` carries the wait the other side asked for; `park` is final and shown to people. */
export type DeliveryOutcome =
  | { kind: 'sent'; status: number }
  | { kind: 'retry'; status: number | null; reason: string; afterMs: number | null }
  | { kind: 'park'; status: number | null; reason: string };

/** A notification channel (PagerDuty …). Adding one is a folder under adapters/ and a line in the notifier's registry. */
export interface Channel {
  readonly name: string;
  /**
   * Which account it sends to: a fingerprint, never the secret itself. A resolve through another account than its
   * trigger's would be dropped by the other side, so deliveries remember it.
   */
  readonly account: string;
  /** Sends one notice; bounded in time; never throws for what the other side answers. */
  deliver(notice: IncidentNotice): Promise<DeliveryOutcome>;
}
