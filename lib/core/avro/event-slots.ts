import { FIELD } from './event-layout.ts';

/** Slots of the values that an event has once; its features come behind them, then its segments. */
export const ONCE = {
  model: 0,
  version: 1,
  role: 2,
  score: 3,
  label: 4,
  value: 5,
  latency: 6,
  error: 7,
  truth: 8,
  other: 9,
  end: 10,
};
/** By field; those that are kept nowhere have the last one. */
export const SLOTS: readonly number[] = slots();

function slots(): number[] {
  const of: number[] = [];
  of[FIELD.model] = ONCE.model;
  of[FIELD.version] = ONCE.version;
  of[FIELD.role] = ONCE.role;
  of[FIELD.score] = ONCE.score;
  of[FIELD.label] = ONCE.label;
  of[FIELD.value] = ONCE.value;
  of[FIELD.latency] = ONCE.latency;
  of[FIELD.error] = ONCE.error;
  of[FIELD.truth] = ONCE.truth;
  return Array.from(of, (slot) => slot ?? ONCE.other);
}
