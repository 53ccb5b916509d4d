/** Columns every shape has behind its features, whether or not an event fills them. */
const OUTSIDE = ['prediction.score', 'prediction.label', 'prediction.value', 'latency_ms'] as const;

/**
 * The columns of events that look alike. One object stands for one list, so that whoever keeps something about a shape
 * finds it by the object.
 */
export interface EventShape {
  /** Names: the features, the four columns outside them, then `segment.NAME` for each segment. */
  readonly columns: readonly string[];
  /** How many of them are features; the position of `prediction.score`. */
  readonly features: number;
  readonly label: number;
  readonly value: number;
  readonly latency: number;
  /** Position of the first segment's column. */
  readonly segments: number;
}

/** What the shapes may take; past it all are forgotten, as producers change. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Of a column, beside its name, which is there twice. */
const COLUMN_BYTES = 45;

/** Gives each list of columns its one shape, as long as there are not too many. */
export class ShapeCatalog {
  readonly #shapes = new Map<string, EventShape>();
  #bytes = 0;

  /** `features` and `segments`: names, each once. */
  shapeOf(features: Iterable<string>, segments: Iterable<string>): EventShape {
    const names = [...features];
    const outside = [...segments].map((name) => `segment.${name}`);
    const id = `${names.join('\n')}\n\n${outside.join('\n')}`;
    const known = this.#shapes.get(id);
    if (known !== undefined) return known;
    const created = makeShape(names, outside);
    this.#bytes += 2 * id.length + COLUMN_BYTES * created.columns.length;
    // Those that use an old one go on using it: two objects for one list cost time, not truth.
    if (this.#bytes > MOST_BYTES) this.#forget();
    this.#shapes.set(id, created);
    return created;
  }

  #forget(): void {
    this.#shapes.clear();
    this.#bytes = 0;
  }
}

function makeShape(names: readonly string[], segments: readonly string[]): EventShape {
  const features = names.length;
  return {
    columns: [...names, ...OUTSIDE, ...segments],
    features,
    label: features + 1,
    value: features + 2,
    latency: features + 3,
    segments: features + OUTSIDE.length,
  };
}
