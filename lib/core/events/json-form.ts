import type { EventShape, ShapeCatalog } from './shape.ts';
import type { Prediction } from './types.ts';

/** What a slot of an event means. Of the ignored it is still checked that the event may have such a value. */
export const ROLE = {
  feature: 0,
  predictionId: 1,
  model: 2,
  version: 3,
  role: 4,
  timestamp: 5,
  label: 6,
  /** A number or null in a column outside the features. */
  measure: 7,
  segment: 8,
  error: 9,
  truth: 10,
  /** Ignored: a text of at most 256 characters or null; any text, number or boolean of that length or null; a number or null. */
  shortText: 11,
  shortScalar: 12,
  number: 13,
  /** Ignored: null alone. */
  nothing: 14,
  anything: 15,
} as const;

/** What an event whose bytes have a learned form means. */
export interface JsonForm {
  readonly shape: EventShape;
  /** Of each slot. */
  readonly roles: Uint8Array;
  /** Of each slot the column of the block it fills, or 0. */
  readonly columns: Uint16Array;
  /** Columns that no slot fills. */
  readonly absent: readonly number[];
}

const TOP: Readonly<Record<string, number>> = {
  prediction_id: ROLE.predictionId,
  model: ROLE.model,
  version: ROLE.version,
  role: ROLE.role,
  timestamp: ROLE.timestamp,
  latency_ms: ROLE.measure,
  error: ROLE.error,
  request_id: ROLE.shortText,
  label: ROLE.truth,
};
const INSIDE: Readonly<Record<string, number>> = {
  features: ROLE.feature,
  segments: ROLE.segment,
  protected: ROLE.shortScalar,
  attributions: ROLE.number,
};
const OUTPUT: Readonly<Record<string, number>> = {
  label: ROLE.label,
  score: ROLE.measure,
  value: ROLE.measure,
};

/** The form of an accepted event whose values stand at these paths; null for one that the reader does not go by. */
export function jsonForm(paths: readonly string[][], event: Prediction, shapes: ShapeCatalog): JsonForm | null {
  const roles = paths.map(roleOf);
  // Without these, no event of the form would be accepted, or its parts are not where the slots are.
  if (!roles.includes(ROLE.predictionId) || !roles.includes(ROLE.model) || !roles.includes(ROLE.timestamp)) return null;
  const named = (role: number) => paths.filter((_, slot) => roles[slot] === role).map((path) => path[1]!);
  const features = new Set(named(ROLE.feature));
  if (
    features.size !== event.features.size ||
    (features.size === 0 && !paths.some(([first]) => first === 'prediction'))
  ) {
    return null;
  }
  const shape = shapes.shapeOf(event.features.keys(), named(ROLE.segment));
  const places = new Map(shape.columns.map((name, column) => [name, column]));
  const columns = paths.map((path, slot) => places.get(columnName(path, roles[slot]!)) ?? 0);
  const filled = new Set(columns.filter((_, slot) => isColumn(roles[slot]!)));
  return {
    shape,
    roles: Uint8Array.from(roles),
    columns: Uint16Array.from(columns),
    absent: [...shape.columns.keys()].filter((column) => !filled.has(column)),
  };
}

function roleOf(path: readonly string[]): number {
  const [first, second] = path as [string, string?];
  if (path.length === 1) {
    if (Object.hasOwn(TOP, first)) return TOP[first]!;
    return isContainer(first) ? ROLE.nothing : ROLE.anything;
  }
  if (path.length === 2 && Object.hasOwn(INSIDE, first)) return INSIDE[first]!;
  if (first !== 'prediction') return ROLE.anything;
  if (path.length === 2 && Object.hasOwn(OUTPUT, second!)) return OUTPUT[second!]!;
  if (second === 'probabilities') return path.length === 3 ? ROLE.number : ROLE.nothing;
  return ROLE.anything;
}

function isContainer(name: string): boolean {
  return Object.hasOwn(INSIDE, name) || name === 'prediction';
}

function isColumn(role: number): boolean {
  return role === ROLE.feature || role === ROLE.measure || role === ROLE.label || role === ROLE.segment;
}

function columnName(path: readonly string[], role: number): string {
  if (role === ROLE.segment) return `segment.${path[1]}`;
  return role === ROLE.feature ? path[1]! : path.join('.');
}
