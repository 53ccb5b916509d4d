const SURROGATE = /[\ud800-\udfff]/;
const LONE_SURROGATES = /\p{Surrogate}/gu;
const DIMENSION = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;

/**
 * Text that UTF-8 can carry: a lone surrogate, which only a JSON escape can smuggle in, becomes U+FFFD, since the store
 * and Avro would otherwise each mend or refuse it in their own way.
 */
export function wellFormed(text: string): string {
  return SURROGATE.test(text) ? text.replace(LONE_SURROGATES, '\uFFFD') : text;
}

/** The rule for names of models, roles, segments and protected attributes. */
export function isDimensionName(name: string): boolean {
  return DIMENSION.test(name);
}

const RESERVED = new Set(['latency_ms', 'prediction.score', 'prediction.label', 'prediction.value']);

/** Names found good before: most events bring the same ones, and looking at every character again costs more than the event. */
const goodNames = new Set<string>();
const REMEMBERED_NAMES = 20_000;

/**
 * Why a feature cannot have this name, or null. Features are called what the columns of people's files are called, so
 * that the dimension rule does not apply to them: any text of 1 to `limit` characters without control characters, save
 * the names Driftline gives to the columns outside the features.
 */
export function featureNameProblem(name: string, limit: number): string | null {
  if (goodNames.has(name)) return null;
  const problem = inspectFeatureName(name, limit);
  if (problem === null && goodNames.size < REMEMBERED_NAMES) goodNames.add(name);
  return problem;
}

function inspectFeatureName(name: string, limit: number): string | null {
  if (name === '') return 'a feature needs a name';
  if (name.length > limit) return `a feature's name has at most ${limit} characters`;
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) < 0x20 || name.charCodeAt(i) === 0x7f) return 'a feature name has no control characters';
  }
  if (RESERVED.has(name) || name.startsWith('segment.')) {
    return `"${name}" is the name of a column outside the features; give the feature another name`;
  }
  return null;
}
