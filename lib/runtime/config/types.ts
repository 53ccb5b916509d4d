import type { RecordMapping } from '../../core/events/record-mapping.ts';
import type { ModelSpec, Monitor } from '../../core/monitors/types.ts';

/** The configuration after validation: every default filled in, durations in ms, secret files read. See docs/configuration.md. */
export interface Config {
  log:
    | { kind: 'embedded'; partitions: number; encoding: 'json' | 'avro' }
    | {
        kind: 'kafka';
        brokers: readonly string[];
        groupPrefix: string;
        encoding: 'json' | 'avro';
        partitions: number;
        replication: number;
        sessionTimeoutMs: number;
      };
  store:
    | { kind: 'embedded'; database: string }
    | { kind: 'clickhouse'; url: string; database: string; username: string; password: string };
  dataDir: string;
  http: { host: string; port: number | null };
  /** `password`: what clients must send; absent: none, on loopback only. */
  sql: { host: string; port: number; password?: string };
  /** null where none is configured. */
  schemaRegistry: { url: string } | null;
  /** null where no routing key is configured. */
  pagerduty: { baseUrl: string; routingKey: string } | null;
  /** Where the page can be reached from an incident; null: the api's own address where known. */
  publicUrl: string | null;
  ingestKeysFile: string | null;
  /** How long rows are kept after they were written. */
  retention: { windowsMs: number; hoursMs: number };
  aggregation: {
    flushIntervalMs: number;
    allowedDelayMs: number;
    horizonMs: number;
    idleAfterMs: number;
    futureSkewMs: number;
    chunkSize: number;
    chunkAgeMs: number;
    /** Greatest share (0–1) of dead letters in a run of records; past it the partition halts. 1: never. */
    deadLetterLimit: number;
    /** Keep the raw prediction log (view `predictions`). */
    predictionLog: boolean;
  };
  models: readonly ModelSpec[];
  monitors: readonly Monitor[];
  /** Producers' own records that are predictions. */
  avroRecords: readonly RecordMapping[];
}
