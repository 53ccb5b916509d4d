import { namesOf } from './sources.ts';

/** A table and what is put into it of a source's SELECT. */
export interface Sink {
  table: string;
  create: readonly string[];
  insert(source: string): string;
  check: string;
}

const DIGEST = 'AggregateFunction(quantileTDigest, Float64)';
const MODEL = 'model LowCardinality(String)';
const MINUTE = "toStartOfMinute(toDateTime(intDiv(timestamp, 1000), 'UTC')) AS minute";
const TIME = "fromUnixTimestamp64Milli(timestamp, 'UTC') AS timestamp";
const ID =
  "prediction_id String, model LowCardinality(String), version LowCardinality(String), timestamp DateTime64(3, 'UTC')";
const OUTPUT = 'label LowCardinality(String), score Float64';
const rowsBy = 'ENGINE = MergeTree ORDER BY (model, timestamp)';
const statesBy = (key: string) => `ENGINE = AggregatingMergeTree ORDER BY (model, ${key})`;

const floats = (features: number) => namesOf(features).map((name) => `${name} Float64`);

/** A row an event, a column a feature. */
export function rowSink(table: string, features: number): Sink {
  const columns = `prediction_id, model, version, ${TIME}, ${namesOf(features).join(', ')}, label, score`;
  return {
    table,
    create: [`CREATE TABLE ${table} (${ID}, ${floats(features).join(', ')}, ${OUTPUT}) ${rowsBy}`],
    insert: (source) => `INSERT INTO ${table} SELECT ${columns} FROM (${source})`,
    check: `SELECT count() AS events, median(feature_0) AS median FROM ${table}`,
  };
}

/** A row an event, without a list of features. */
export function mapRows(table: string): Sink {
  return {
    table,
    create: [`CREATE TABLE ${table} (${ID}, features Map(LowCardinality(String), Float64), ${OUTPUT}) ${rowsBy}`],
    insert: (source) =>
      `INSERT INTO ${table} SELECT prediction_id, model, version, ${TIME}, features, label, score FROM (${source})`,
    check: `SELECT count() AS events, median(features['feature_0']) AS median FROM ${table}`,
  };
}

/** A row a minute, a digest a feature. */
export function digestSink(table: string, features: number): Sink {
  return {
    table,
    create: [createDigests(table, features)],
    insert: (source) => `INSERT INTO ${table} ${selectDigests(features)} FROM (${source}) GROUP BY model, minute`,
    check: `SELECT sum(events) AS events, quantileTDigestMerge(feature_0) AS median FROM ${table}`,
  };
}

/** The same made by a materialized view of what is inserted, which itself is not kept. */
export function digestsByView(table: string, features: number): Sink {
  const into = `${table}_in`;
  return {
    ...digestSink(table, features),
    create: [
      createDigests(table, features),
      `CREATE TABLE ${into} (${ID.replace("timestamp DateTime64(3, 'UTC')", 'timestamp Int64')}, ${floats(features).join(', ')}, ${OUTPUT}) ENGINE = Null`,
      `CREATE MATERIALIZED VIEW ${table}_view TO ${table} AS ${selectDigests(features)} FROM ${into} GROUP BY model, minute`,
    ],
    insert: (source) => `INSERT INTO ${into} ${source}`,
  };
}

/** A row a minute and feature, without a list of features. */
export function tallDigests(table: string): Sink {
  const pairs =
    "arrayPushBack(mapKeys(features), 'score') AS feature, arrayPushBack(mapValues(features), score) AS value";
  const events = 'events SimpleAggregateFunction(sum, UInt64)';
  return {
    table,
    create: [
      `CREATE TABLE ${table} (${MODEL}, feature LowCardinality(String), minute DateTime('UTC'), ${events}, digest ${DIGEST}) ${statesBy('feature, minute')}`,
    ],
    insert: (source) =>
      `INSERT INTO ${table} SELECT model, feature, ${MINUTE}, count() AS events, quantileTDigestState(value) AS digest
       FROM (SELECT model, timestamp, feature, value FROM (${source}) ARRAY JOIN ${pairs})
       GROUP BY model, feature, minute`,
    check: `SELECT sum(events) AS events, quantileTDigestMerge(digest) AS median FROM ${table} WHERE feature = 'feature_0'`,
  };
}

const digested = (features: number) => [...namesOf(features), 'score'];

function createDigests(table: string, features: number): string {
  const columns = digested(features).map((name) => `${name} ${DIGEST}`);
  const events = 'events SimpleAggregateFunction(sum, UInt64)';
  return `CREATE TABLE ${table} (${MODEL}, minute DateTime('UTC'), ${events}, ${columns.join(', ')}) ${statesBy('minute')}`;
}

function selectDigests(features: number): string {
  const columns = digested(features).map((name) => `quantileTDigestState(${name}) AS ${name}`);
  return `SELECT model, ${MINUTE}, count() AS events, ${columns.join(', ')}`;
}
