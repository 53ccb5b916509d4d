export { LIMITS } from './limits.ts';
export { parseLabel } from './parse-label.ts';
export { parsePrediction } from './parse-prediction.ts';
export type * from './types.ts';
