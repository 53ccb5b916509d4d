import { counter, gauge, histogram } from '../../lib/runtime/metrics.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';

export type DetectorMetrics = ReturnType<typeof detectorMetrics>;

/** The detector's metrics; docs/metrics.md explains each. */
export function detectorMetrics(registry: ServiceContext['metrics']) {
  return {
    sealed: counter(registry, 'driftline_windows_sealed_total', 'Windows sealed, by state.', ['state']),
    scores: counter(registry, 'driftline_scores_total', 'Scores computed.'),
    alerts: counter(registry, 'driftline_alerts_published_total', 'Alert events published, by state.', ['state']),
    torn: counter(
      registry,
      'driftline_seal_retries_total',
      'Reads of the ledger repeated because a flush was under way.',
    ),
    rolledUp: counter(
      registry,
      'driftline_periods_rolled_up_total',
      'Hours and days made from windows, by resolution; made again counts again.',
      ['resolution'],
    ),
    models: gauge(registry, 'driftline_detector_models', 'Models this detector owns.'),
    passed: gauge(
      registry,
      'driftline_watermark_timestamp_seconds',
      'Time that every partition of the predictions topic has passed.',
    ),
    latency: histogram(
      registry,
      'driftline_window_to_alert_seconds',
      'From noticing that windows are complete to their alerts on the topic.',
    ),
  };
}
