import type { ChunkCaps } from '../../lib/core/chunks/limits.ts';
import type { PredictionReader } from '../../lib/ports/codec.ts';
import type { Assignment } from '../../lib/ports/log.ts';
import type { Announcer } from './announcer.ts';
import type { Environment } from './environment.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import type { Sightings } from './sightings.ts';
import type { SpecSource } from './spec-source.ts';

/** What the partitions of one aggregator share. */
export interface Collaborators {
  environment: Environment;
  specs: SpecSource;
  sightings: Sightings;
  announcer: Announcer;
  writer: LedgerWriter;
  /** What it learns of the events of one partition is true of the others', and is kept once. */
  reader: PredictionReader;
  /** Caps of an open chunk. They shape rows, so they must be the same in every process: others are for tests. */
  caps: ChunkCaps;
  /** See AggregatorOptions. */
  copiedBytes: number;
  commit(partition: Assignment, offset: number): Promise<void>;
}
