import { counter, gauge, histogram } from '../../lib/runtime/metrics.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';

/** The notifier's metrics, described for people in docs/metrics.md. */
export function notifierMetrics(registry: ServiceContext['metrics']) {
  return {
    attempts: counter(
      registry,
      'driftline_notifier_attempts_total',
      'Attempts to deliver a notice, by channel, action and outcome (sent, retry, park)',
      ['channel', 'action', 'outcome'],
    ),
    pending: gauge(
      registry,
      'driftline_notifier_pending_deliveries',
      'Notices in the outbox that are still to be delivered, by channel',
      ['channel'],
    ),
    parked: gauge(
      registry,
      'driftline_notifier_parked_deliveries',
      'Notices a channel refused for good within seven days, not made good since, of the models this notifier owns',
      ['channel'],
    ),
    latency: histogram(
      registry,
      'driftline_notifier_delivery_latency_seconds',
      'From the alert event on the topic to the first request of its notice, by channel',
      ['channel'],
    ),
    rejected: counter(
      registry,
      'driftline_notifier_rejected_events_total',
      'Records of the alerts topic that could not be read and went to the dead letters',
    ),
  };
}

export type NotifierMetrics = ReturnType<typeof notifierMetrics>;
