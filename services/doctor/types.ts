import type { LogInspector } from '../../lib/ports/log-inspector.ts';
import type { Store } from '../../lib/ports/store.ts';
import type { Config } from '../../lib/runtime/config/types.ts';

export type Level = 'ok' | 'warning' | 'problem';

/** What a check found: in words with figures, and what to do about it (null where nothing needs doing). */
export interface Finding {
  level: Level;
  message: string;
  action: string | null;
}

/** A finding with the check it is of. */
export interface Report extends Finding {
  check: string;
}

/** Where an aggregator would begin to read a partition if it started now. */
export type NextStart = { kind: 'halt'; reason: string } | { kind: 'read'; offset: number; gap: Lost | null };

/** Offsets [first, end) that are not in the log any more. */
export interface Lost {
  /** As the view `losses` will say: log_trimmed, log_truncated, before_committed_offset. */
  reason: string;
  first: number;
  end: number;
}

export interface Place {
  topic: string;
  incarnation: string;
  partition: number;
  beginning: number;
  end: number;
  committed: number | null;
}

/** The process and the machine the doctor runs on: the same as the services', where it is run beside them. */
export interface Machine {
  nodeVersion: string;
  minNodeVersion: string;
  /** UV_THREADPOOL_SIZE as Node was started with; null: unset. */
  threadPool: string | null;
  /** Memory this process may use, bytes: the control group's limit or the machine's memory. */
  memoryBytes: number;
  heapBytes: number;
}

/** What belongs to a data directory of the embedded log and engine. */
export interface EmbeddedData {
  dir: string;
  exists: boolean;
  writable: boolean;
  freeBytes: number;
  totalBytes: number;
  /** Process that has the embedded log open; null: none, or the log is Kafka. */
  owner: number | null;
}

/** Everything the checks look at. Handed in by services/commands/doctor.ts; tests hand in what they like. */
export interface DoctorWorld {
  config: Config;
  now: () => number;
  /** null: the log is embedded. */
  log: LogInspector | null;
  /** A server, or the SQL port of a running standalone, which is read-only; null: embedded and not running. */
  store: { client: Store; readOnly: boolean; address: string } | null;
  /** Migration files of this release. */
  migrations: readonly string[];
  nextStart: (place: Place) => Promise<NextStart>;
  fetch: typeof globalThis.fetch;
  embedded: () => Promise<EmbeddedData | null>;
  machine: Machine;
}

/** One thing to look at. `needs` names what must answer first: without it the check is told as not made. */
export interface Check {
  name: string;
  needs: readonly ('log' | 'store')[];
  run: (world: DoctorWorld) => Promise<Finding[]>;
}

export const ok = (message: string): Finding => ({ level: 'ok', message, action: null });
export const warning = (message: string, action: string): Finding => ({ level: 'warning', message, action });
export const problem = (message: string, action: string): Finding => ({ level: 'problem', message, action });
