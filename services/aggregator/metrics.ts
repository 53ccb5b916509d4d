import { counter, gauge, histogram } from '../../lib/runtime/metrics.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';

export type AggregatorMetrics = ReturnType<typeof aggregatorMetrics>;

/** What the aggregator counts; each is described in docs/metrics.md. */
export function aggregatorMetrics(registry: ServiceContext['metrics']) {
  const place = ['topic', 'partition'] as const;
  return {
    events: counter(registry, 'driftline_events_total', 'Events read and counted', place),
    deadLetters: counter(registry, 'driftline_dead_letters_total', 'Records that could not be read', [
      ...place,
      'code',
    ]),
    losses: counter(registry, 'driftline_losses_total', 'Events left out, by reason', [...place, 'reason']),
    limits: counter(registry, 'driftline_limit_hits_total', 'What went past a limit, see docs/limits.md', [
      ...place,
      'limit',
    ]),
    rows: counter(registry, 'driftline_chunk_rows_total', 'Ledger rows written'),
    rewrites: counter(registry, 'driftline_window_rewrites_total', 'Windows whose rows were written again'),
    halted: gauge(registry, 'driftline_partition_halted', '1: the partition is not read, /readyz says why', place),
    chunkAge: gauge(registry, 'driftline_open_chunk_age_seconds', 'Age of the open chunk by its first record', place),
    retentionLeft: gauge(
      registry,
      'driftline_open_chunk_retention_left_ratio',
      'Share of retention left before the log drops what a restart would read again',
      place,
    ),
    flushSeconds: histogram(registry, 'driftline_flush_seconds', 'Duration of a flush, store and log included'),
    writeRetries: counter(
      registry,
      'driftline_write_retries_total',
      'Writes and reads that failed and are tried again while consumption waits',
      ['what'],
    ),
    lag: gauge(registry, 'driftline_lag_records', 'Records between the position and the end of the partition', place),
    passed: gauge(registry, 'driftline_passed_timestamp_seconds', 'Greatest arrival that durable rows cover', place),
  };
}
