type Row = Record<string, unknown>;

/** One question to the views in the words of a user, and what is wrong with an answer. */
export interface Probe {
  name: string;
  sql: string;
  /** What an answer shows that it must not; empty: nothing. */
  wrong(rows: readonly Row[]): string[];
  /** Values that must not be above the final ones; keys of all values of all polls. */
  values?(rows: readonly Row[]): Iterable<[key: string, value: number]>;
  /** Whether a key that was shown once must be shown by every later poll, and its revision never falls. */
  lasting?: true;
}

/** Key of a window. */
export const WINDOW = 'model, version, role, window_start, window_end';
const COLUMN = `${WINDOW}, feature, segment`;
const STATES = ['provisional', 'complete', 'revised'];

/** The values of these columns as one text. */
export const keyOf = (row: Row, columns: string): string =>
  columns
    .split(', ')
    .map((column) => String(row[column]))
    .join(' ');

/** Rows and keys counted by the store itself: the shape of `SELECT count(), uniqExact(…)`. */
function unique(view: string, key: string, where = ''): Probe {
  return {
    name: `${view}: one row of each (${key})`,
    sql: `SELECT count() AS listed, uniqExact(${key.includes(',') ? `(${key})` : key}) AS keys FROM ${view} ${where}`,
    wrong: ([row]) =>
      Number(row?.listed) === Number(row?.keys) ? [] : [`${row?.listed} rows of ${row?.keys} keys (${key})`],
  };
}

function states(rows: readonly Row[]): string[] {
  return rows.filter((row) => !STATES.includes(String(row.state))).map((row) => `state ${String(row.state)}`);
}

function twice(rows: readonly Row[], columns: string): string[] {
  return rows
    .filter((row) => Number(row.listed) !== 1)
    .map((row) => `${keyOf(row, columns)} listed ${row.listed} times`);
}

function* shown(
  rows: readonly Row[],
  name: string,
  columns: string,
  values: readonly string[],
): Generator<[string, number]> {
  for (const row of rows) {
    for (const value of values) yield [`${name} ${keyOf(row, columns)} ${value}`, Number(row[value])];
  }
}

/** Windows as `operations` lists them, plain. */
const windowsListed: Probe = {
  name: 'operations, listed',
  sql: `SELECT ${WINDOW}, events, errors, state, revision, 1 AS listed FROM operations`,
  wrong: (rows) => [...states(rows), ...doubled(rows, WINDOW)],
  values: (rows) => shown(rows, 'operations', WINDOW, ['events', 'errors']),
  lasting: true,
};

/** The same summed by the store: a window listed twice is summed twice. */
const windowsSummed: Probe = {
  name: 'operations, grouped',
  sql: `SELECT ${WINDOW}, count() AS listed, sum(events) AS events, sum(errors) AS errors, any(state) AS state FROM operations GROUP BY ${WINDOW}`,
  wrong: (rows) => [...states(rows), ...twice(rows, WINDOW)],
  values: (rows) => shown(rows, 'operations', WINDOW, ['events', 'errors']),
};

const modelsSummed: Probe = {
  name: 'operations, summed by model',
  sql: 'SELECT model, sum(events) AS events FROM operations GROUP BY model',
  wrong: () => [],
  values: (rows) => shown(rows, 'model', 'model', ['events']),
};

const columnsSummed: Probe = {
  name: 'feature_stats, grouped',
  sql: `SELECT ${COLUMN}, count() AS listed, sum(count) AS events, sum(n) AS usable,
    sum(count) - sum(n) - sum(missing) - sum(\`nan\`) - sum(infinite) - sum(wrong_type) AS left,
    any(state) AS state, any(note) AS note
    FROM feature_stats GROUP BY ${COLUMN}`,
  wrong: (rows) => [
    ...states(rows),
    ...twice(rows, COLUMN),
    ...rows
      // Vectors are counted as present and stand in no distribution.
      .filter((row) => Number(row.left) !== 0 && row.feature !== 'vec' && row.note === '')
      .map((row) => `${keyOf(row, COLUMN)}: counts do not add up (${row.left})`),
  ],
  // A segment's counts may be given up for a note (its spec changed): what was shown before was right then.
  values: (rows) => shown(rows.map(unbounded), 'feature_stats', COLUMN, ['events', 'usable']),
};

function unbounded(row: Row): Row {
  return row.note === '' ? row : { ...row, events: Number.POSITIVE_INFINITY, usable: Number.POSITIVE_INFINITY };
}

/** A join repeats a row wherever the other side is listed twice. */
const joined: Probe = {
  name: 'feature_stats joined to operations',
  sql: `SELECT ${COLUMN}, count() AS listed, sum(f.count) AS events
    FROM feature_stats AS f INNER JOIN operations AS o USING (${WINDOW}) WHERE segment = '' GROUP BY ${COLUMN}`,
  wrong: (rows) => twice(rows, COLUMN),
  values: (rows) => shown(rows, 'feature_stats', COLUMN, ['events']),
};

const predictionsGrouped: Probe = {
  name: 'predictions, twice by place',
  sql: 'SELECT incarnation, partition, offset, count() AS listed FROM predictions GROUP BY incarnation, partition, offset HAVING listed > 1 LIMIT 3',
  wrong: (rows) => twice(rows, 'incarnation, partition, offset'),
};

const predictionsSummed: Probe = {
  name: 'predictions, by model',
  sql: 'SELECT model, version, role, count() AS events FROM predictions GROUP BY model, version, role',
  wrong: () => [],
  values: (rows) => shown(rows, 'predictions', 'model, version, role', ['events']),
};

const lossesSummed: Probe = {
  name: 'losses, by partition and reason',
  sql: 'SELECT incarnation, partition, reason, sum(events) AS events FROM losses GROUP BY incarnation, partition, reason',
  wrong: () => [],
  values: (rows) => shown(rows, 'losses', 'incarnation, partition, reason', ['events']),
};

function doubled(rows: readonly Row[], columns: string): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const row of rows) {
    const key = keyOf(row, columns);
    if (seen.has(key)) found.push(`${key} listed twice`);
    seen.add(key);
  }
  return found;
}

/** Every view that rows are rewritten behind, in the shapes that users write. */
export const PROBES: readonly Probe[] = [
  windowsListed,
  windowsSummed,
  modelsSummed,
  columnsSummed,
  joined,
  unique('operations', WINDOW),
  unique('operations', WINDOW, "WHERE state = 'provisional'"),
  unique('feature_stats', COLUMN),
  unique('feature_quantiles', `${COLUMN}, q`),
  unique('predictions', 'incarnation, partition, offset'),
  predictionsGrouped,
  predictionsSummed,
  unique('labels', 'model, prediction_id'),
  unique('losses', 'topic, incarnation, partition, first_offset, reason'),
  lossesSummed,
  unique('drift_scores', 'monitor, model, version, role, feature, segment, window_start, metric'),
  unique('alerts', 'episode'),
  unique('incidents', 'incident'),
  unique('deliveries', 'incident, channel, notice_id'),
  unique('models', 'model'),
  unique('model_versions', 'model, version, role'),
];
