/** What each alert rule is to do, in promtool's notation of series: `0+10x20` is 0, 10, 20 … for 21 minutes. */
export interface RuleCase {
  alert: string;
  what: string;
  series: Readonly<Record<string, string>>;
  /** Minute at which it is asked. */
  at: number;
  /** Labels of the alerts firing then, alertname and alertstate left out. */
  firing: readonly Readonly<Record<string, string>>[];
}

const AGGREGATOR = 'job="driftline", service="aggregator", instance="aggregator:8081"';
const DETECTOR = 'job="driftline", service="detector", instance="detector:8082"';
const NOTIFIER = 'job="driftline", service="notifier", instance="notifier:8083"';
const PLACE = 'topic="driftline.predictions", partition="3"';
const aggregator = { job: 'driftline', service: 'aggregator', instance: 'aggregator:8081' };
const detector = { job: 'driftline', service: 'detector', instance: 'detector:8082' };
const topic = 'driftline.predictions';
const warning = { severity: 'warning' };
const critical = { severity: 'critical' };

export const RULE_CASES: readonly RuleCase[] = [
  {
    alert: 'DriftlineTargetDown',
    what: 'down for two minutes',
    series: { [`up{${AGGREGATOR}}`]: '1x4 0x10' },
    at: 7,
    firing: [{ ...aggregator, ...critical }],
  },
  {
    alert: 'DriftlineTargetDown',
    what: 'one scrape missed; another job down',
    series: { [`up{${AGGREGATOR}}`]: '1x4 0 1x10', 'up{job="kafka", instance="kafka:9404"}': '0x15' },
    at: 7,
    firing: [],
  },
  {
    alert: 'DriftlineNotReady',
    what: 'not ready for five minutes',
    series: { [`driftline_ready{${AGGREGATOR}}`]: '1x2 0x10' },
    at: 9,
    firing: [{ ...aggregator, ...critical }],
  },
  {
    alert: 'DriftlineNotReady',
    what: 'a start takes two minutes',
    series: { [`driftline_ready{${AGGREGATOR}}`]: '0x2 1x10' },
    at: 9,
    firing: [],
  },
  {
    alert: 'DriftlineRestarts',
    what: 'a crash loop',
    series: { [`process_start_time_seconds{${AGGREGATOR}}`]: '0+60x30' },
    at: 25,
    firing: [{ ...aggregator, ...warning }],
  },
  {
    alert: 'DriftlineRestarts',
    what: 'two restarts of an upgrade',
    series: { [`process_start_time_seconds{${AGGREGATOR}}`]: '100x10 200x5 300x20' },
    at: 25,
    firing: [],
  },
  {
    alert: 'DriftlineMemory',
    what: 'an aggregator above 500 MiB',
    series: { [`process_resident_memory_bytes{${AGGREGATOR}}`]: '530000000x10' },
    at: 8,
    firing: [{ ...aggregator, ...warning }],
  },
  {
    alert: 'DriftlineMemory',
    what: 'an aggregator at 450 MB; a detector may be larger',
    series: {
      [`process_resident_memory_bytes{${AGGREGATOR}}`]: '450000000x10',
      [`process_resident_memory_bytes{${DETECTOR}}`]: '600000000x10',
    },
    at: 8,
    firing: [],
  },
  {
    alert: 'DriftlineEventLoopLag',
    what: 'stalls of two seconds',
    series: { [`nodejs_eventloop_lag_p99_seconds{${AGGREGATOR}}`]: '2x10' },
    at: 8,
    firing: [{ ...aggregator, ...warning }],
  },
  {
    alert: 'DriftlineEventLoopLag',
    what: 'stalls of a fifth of a second',
    series: { [`nodejs_eventloop_lag_p99_seconds{${AGGREGATOR}}`]: '0.2x10' },
    at: 8,
    firing: [],
  },
  {
    alert: 'DriftlineLag',
    what: 'two partitions fall behind together',
    series: {
      [`driftline_lag_records{${AGGREGATOR}, ${PLACE}}`]: '0+500x40',
      [`driftline_lag_records{${AGGREGATOR}, topic="${topic}", partition="4"}`]: '0+500x40',
    },
    at: 35,
    firing: [{ topic, ...warning }],
  },
  {
    alert: 'DriftlineLag',
    what: 'much to catch up with, but it shrinks',
    series: { [`driftline_lag_records{${AGGREGATOR}, ${PLACE}}`]: '1000000-10000x40' },
    at: 35,
    firing: [],
  },
  {
    alert: 'DriftlineLag',
    what: 'a little, always',
    series: { [`driftline_lag_records{${AGGREGATOR}, ${PLACE}}`]: '900x40' },
    at: 35,
    firing: [],
  },
  {
    alert: 'DriftlineWatermarkStalled',
    what: 'events, but no progress of time',
    series: {
      [`driftline_watermark_timestamp_seconds{${DETECTOR}}`]: '1000x40',
      [`driftline_events_total{${AGGREGATOR}, ${PLACE}}`]: '0+100x40',
    },
    at: 30,
    firing: [{ ...detector, ...critical }],
  },
  {
    alert: 'DriftlineWatermarkStalled',
    what: 'time goes on',
    series: {
      [`driftline_watermark_timestamp_seconds{${DETECTOR}}`]: '1000+60x40',
      [`driftline_events_total{${AGGREGATOR}, ${PLACE}}`]: '0+100x40',
    },
    at: 30,
    firing: [],
  },
  {
    alert: 'DriftlineWatermarkStalled',
    what: 'nobody sends anything',
    series: {
      [`driftline_watermark_timestamp_seconds{${DETECTOR}}`]: '1000x40',
      [`driftline_events_total{${AGGREGATOR}, ${PLACE}}`]: '5000x40',
    },
    at: 30,
    firing: [],
  },
  {
    alert: 'DriftlinePartitionHalted',
    what: 'one of two partitions',
    series: {
      [`driftline_partition_halted{${AGGREGATOR}, ${PLACE}}`]: '1x5',
      [`driftline_partition_halted{${AGGREGATOR}, topic="${topic}", partition="4"}`]: '0x5',
    },
    at: 3,
    firing: [{ topic, partition: '3', ...critical }],
  },
  {
    alert: 'DriftlinePartitionHalted',
    what: 'mended',
    series: { [`driftline_partition_halted{${AGGREGATOR}, ${PLACE}}`]: '1x2 0x5' },
    at: 6,
    firing: [],
  },
  {
    alert: 'DriftlineOpenChunkNearsRetention',
    what: 'a fifth left',
    series: { [`driftline_open_chunk_retention_left_ratio{${AGGREGATOR}, ${PLACE}}`]: '0.2x20' },
    at: 15,
    firing: [{ topic, partition: '3', ...warning }],
  },
  {
    alert: 'DriftlineOpenChunkNearsRetention',
    what: 'a chunk closed in time',
    series: { [`driftline_open_chunk_retention_left_ratio{${AGGREGATOR}, ${PLACE}}`]: '0.3-0.01x6 1x20' },
    at: 15,
    firing: [],
  },
  {
    alert: 'DriftlineLosses',
    what: 'a first loss bears the counter',
    series: { [`driftline_losses_total{${AGGREGATOR}, ${PLACE}, reason="beyond_horizon"}`]: '_x20 3x10' },
    at: 22,
    firing: [{ topic, reason: 'beyond_horizon', ...warning }],
  },
  {
    alert: 'DriftlineLosses',
    what: 'further losses',
    series: { [`driftline_losses_total{${AGGREGATOR}, ${PLACE}, reason="beyond_horizon"}`]: '3x20 5x10' },
    at: 25,
    firing: [{ topic, reason: 'beyond_horizon', ...warning }],
  },
  {
    alert: 'DriftlineLosses',
    what: 'losses of last week',
    series: { [`driftline_losses_total{${AGGREGATOR}, ${PLACE}, reason="beyond_horizon"}`]: '3x40' },
    at: 35,
    firing: [],
  },
  {
    alert: 'DriftlineDeadLetters',
    what: 'a first record that cannot be read',
    series: { [`driftline_dead_letters_total{${AGGREGATOR}, ${PLACE}, code="bad_json"}`]: '_x20 1x10' },
    at: 22,
    firing: [{ topic, code: 'bad_json', ...warning }],
  },
  {
    alert: 'DriftlineDeadLetters',
    what: 'more of them',
    series: { [`driftline_dead_letters_total{${AGGREGATOR}, ${PLACE}, code="bad_json"}`]: '1+1x40' },
    at: 30,
    firing: [{ topic, code: 'bad_json', ...warning }],
  },
  {
    alert: 'DriftlineDeadLetters',
    what: 'none since',
    series: { [`driftline_dead_letters_total{${AGGREGATOR}, ${PLACE}, code="bad_json"}`]: '7x40' },
    at: 30,
    firing: [],
  },
  {
    alert: 'DriftlineLimitHit',
    what: 'a flood of segment values begins',
    series: { [`driftline_limit_hits_total{${AGGREGATOR}, ${PLACE}, limit="segment_values"}`]: '_x20 9+5x10' },
    at: 24,
    firing: [{ topic, limit: 'segment_values', ...warning }],
  },
  {
    alert: 'DriftlineLimitHit',
    what: 'over',
    series: { [`driftline_limit_hits_total{${AGGREGATOR}, ${PLACE}, limit="segment_values"}`]: '9x40' },
    at: 30,
    firing: [],
  },
  {
    alert: 'DriftlineFlushSlow',
    what: 'half of the flushes take 10 to 30 s',
    series: {
      [`driftline_flush_seconds_bucket{${AGGREGATOR}, le="1"}`]: '0+5x30',
      [`driftline_flush_seconds_bucket{${AGGREGATOR}, le="10"}`]: '0+5x30',
      [`driftline_flush_seconds_bucket{${AGGREGATOR}, le="30"}`]: '0+10x30',
      [`driftline_flush_seconds_bucket{${AGGREGATOR}, le="+Inf"}`]: '0+10x30',
    },
    at: 20,
    firing: [{ instance: 'aggregator:8081', ...warning }],
  },
  {
    alert: 'DriftlineFlushSlow',
    what: 'below a second',
    series: {
      [`driftline_flush_seconds_bucket{${AGGREGATOR}, le="1"}`]: '0+60x30',
      [`driftline_flush_seconds_bucket{${AGGREGATOR}, le="10"}`]: '0+60x30',
      [`driftline_flush_seconds_bucket{${AGGREGATOR}, le="+Inf"}`]: '0+60x30',
    },
    at: 20,
    firing: [],
  },
  {
    alert: 'DriftlineRewrites',
    what: 'many rows of windows written before',
    series: {
      [`driftline_window_rewrites_total{${AGGREGATOR}}`]: '0+120000x40',
      [`driftline_chunk_rows_total{${AGGREGATOR}}`]: '0+121000x40',
    },
    at: 35,
    firing: [{ instance: 'aggregator:8081', ...warning }],
  },
  {
    alert: 'DriftlineRewrites',
    what: 'few rows',
    series: {
      [`driftline_window_rewrites_total{${AGGREGATOR}}`]: '0+6000x40',
      [`driftline_chunk_rows_total{${AGGREGATOR}}`]: '0+6000x40',
    },
    at: 35,
    firing: [],
  },
  {
    alert: 'DriftlineRewrites',
    what: 'many rows, but of new windows',
    series: {
      [`driftline_window_rewrites_total{${AGGREGATOR}}`]: '0+600x40',
      [`driftline_chunk_rows_total{${AGGREGATOR}}`]: '0+100000x40',
    },
    at: 35,
    firing: [],
  },
  {
    alert: 'DriftlineStoreFailing',
    what: 'the store is down',
    series: { [`driftline_write_retries_total{${AGGREGATOR}, what="chunk_rows"}`]: '0+12x30' },
    at: 20,
    firing: [{ instance: 'aggregator:8081', what: 'chunk_rows', ...warning }],
  },
  {
    alert: 'DriftlineStoreFailing',
    what: 'one hiccup',
    series: { [`driftline_write_retries_total{${AGGREGATOR}, what="chunk_rows"}`]: '0x10 3x30' },
    at: 16,
    firing: [],
  },
  {
    alert: 'DriftlineDeliveriesParked',
    what: 'a wrong routing key',
    series: { [`driftline_notifier_parked_deliveries{${NOTIFIER}, channel="pagerduty"}`]: '0x2 2x5' },
    at: 3,
    firing: [{ channel: 'pagerduty', ...critical }],
  },
  {
    alert: 'DriftlineDeliveriesParked',
    what: 'none',
    series: { [`driftline_notifier_parked_deliveries{${NOTIFIER}, channel="pagerduty"}`]: '0x10' },
    at: 8,
    firing: [],
  },
  {
    alert: 'DriftlineDeliveriesPending',
    what: 'the channel is down',
    series: { [`driftline_notifier_pending_deliveries{${NOTIFIER}, channel="pagerduty"}`]: '0x2 1x20' },
    at: 15,
    firing: [{ channel: 'pagerduty', ...critical }],
  },
  {
    alert: 'DriftlineDeliveriesPending',
    what: 'some, now and then',
    series: { [`driftline_notifier_pending_deliveries{${NOTIFIER}, channel="pagerduty"}`]: '1x4 0 1x4 0 1x4 0 1x4' },
    at: 15,
    firing: [],
  },
];
