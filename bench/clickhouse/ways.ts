/** What a user of ClickHouse would make of the same events without Driftline: one statement a file. */
import { digestSink, digestsByView, mapRows, rowSink, type Sink, tallDigests } from './sinks.ts';
import { avroFlat, jsonExtract, jsonMap, jsonTuple } from './sources.ts';

/** One way from files of events into one table. */
export interface Way {
  name: string;
  format: 'json' | 'avro';
  table: string;
  /** Run once before. */
  create: readonly string[];
  /** One file's events into the table. */
  insert(path: string): string;
  /** One row: `events` that the table holds, and `median` of feature_0. */
  check: string;
}

/** Ways of kafka.bench: the fastest found for rows and for digests. */
export const FASTEST = { rows: 'rows, a column a feature', digests: 't-digests, a column a feature' } as const;

/** All ways for events of so many features. Digests are by minute, of each feature and the score. */
export function waysOf(features: number): Way[] {
  const [tuple, extract, map, avro] = [jsonTuple(features), jsonExtract(features), jsonMap(), avroFlat(features)];
  const way = (name: string, { insert, ...sink }: Sink, source: (path: string) => string): Way => ({
    name,
    format: source === avro ? 'avro' : 'json',
    ...sink,
    insert: (path) => insert(source(path)),
  });
  return [
    way(FASTEST.rows, rowSink('rows_typed', features), tuple),
    way('the same by JSONExtract', rowSink('rows_extracted', features), extract),
    way('rows, features as a Map', mapRows('rows_map'), map),
    way('rows, from flat Avro', rowSink('rows_avro', features), avro),
    way(FASTEST.digests, digestSink('digests', features), tuple),
    way('the same through a view', digestsByView('digests_view', features), tuple),
    way('t-digests, a row a feature, of a Map', tallDigests('digests_tall'), map),
    way('t-digests, from flat Avro', digestSink('digests_avro', features), avro),
  ];
}
