/** A file of events as a SELECT: of flat columns (feature_0 …, label, score), or with `features` as a Map. */

const SCALARS = 'prediction_id String, model String, version String, timestamp Int64';
const PREDICTION = 'prediction Tuple(label String, score Float64)';
const OUTPUT = 'prediction.label AS label, prediction.score AS score';
const ID = 'prediction_id, model, version, timestamp';

export const namesOf = (features: number): string[] => Array.from({ length: features }, (_, at) => `feature_${at}`);

type Source = (path: string) => string;

const floats = (features: number) => namesOf(features).map((name) => `${name} Float64`);

const file = (path: string, format: string, structure: string) =>
  `file('${path}', '${format}', '${structure.replaceAll("'", "\\'")}', 'none')`;

/** The parser of JSONEachRow reads into a tuple of named numbers. */
export function jsonTuple(features: number): Source {
  const structure = `${SCALARS}, features Tuple(${floats(features).join(', ')}), ${PREDICTION}`;
  const columns = namesOf(features).map((name) => `features.${name} AS ${name}`);
  return (path) => `SELECT ${ID}, ${columns.join(', ')}, ${OUTPUT} FROM ${file(path, 'JSONEachRow', structure)}`;
}

/** simdjson reads each event from a text. */
export function jsonExtract(features: number): Source {
  const type = `Tuple(${SCALARS}, features Tuple(${floats(features).join(', ')}), ${PREDICTION})`;
  const columns = [
    ...ID.split(', ').map((name) => `event.${name} AS ${name}`),
    ...namesOf(features).map((name) => `event.features.${name} AS ${name}`),
    'event.prediction.label AS label',
    'event.prediction.score AS score',
  ];
  return (path) =>
    `SELECT ${columns.join(', ')} FROM (SELECT JSONExtract(json, '${type}') AS event FROM ${file(path, 'JSONAsString', 'json String')})`;
}

/** Without a declared list of features. */
export function jsonMap(): Source {
  const structure = `${SCALARS}, features Map(LowCardinality(String), Float64), ${PREDICTION}`;
  return (path) => `SELECT ${ID}, features, ${OUTPUT} FROM ${file(path, 'JSONEachRow', structure)}`;
}

/** A container file of records with a field a feature. */
export function avroFlat(features: number): Source {
  const structure = `${SCALARS}, ${floats(features).join(', ')}, label String, score Float64`;
  return (path) => `SELECT * FROM ${file(path, 'Avro', structure)}`;
}
