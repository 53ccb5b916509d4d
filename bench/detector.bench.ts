/**
 * What the detector costs: `tsx bench/detector.bench.ts [--only evaluate,desk,round,roll-up] [--models 1000] [--features 50]
 * [--events 200] [--chunks 4] [--rounds 3] [--windows 120] [--json]`.
 * `evaluate`: tests of one feature and window by all default metrics, without the store. `desk`: the same by a detector on
 * the embedded engine, from ledger rows to scores that are durable, of one model's windows all complete at once. `round`:
 * one-minute windows of many models complete at the same moment, until all are sealed, scored and their alerts published.
 * `roll-up`: an hour of one model from its windows. Rows are made by the aggregator's writers, not waited for; each part ends
 * with an error unless the rows it left are those expected. Times of CPU are of the whole process, engine included.
 */
import { parseArgs } from 'node:util';
import { desk } from './detector/desk.ts';
import { evaluate } from './detector/evaluate.ts';
import { rollUpHour } from './detector/roll-up.ts';
import { round } from './detector/round.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'evaluate,desk,round,roll-up' },
    models: { type: 'string', default: '1000' },
    features: { type: 'string', default: '50' },
    events: { type: 'string', default: '200' },
    chunks: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    windows: { type: 'string', default: '120' },
    json: { type: 'boolean', default: false },
  },
});
const given = Number;
const size = {
  models: given(values.models),
  features: given(values.features),
  events: given(values.events),
  chunks: given(values.chunks),
};
const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  evaluate: async () => evaluate(),
  desk: () => desk({ ...size, models: 1 }, given(values.windows)),
  round: () => round(size, given(values.rounds)),
  'roll-up': () => rollUpHour({ ...size, models: 1, chunks: 1 }),
};
const results: Record<string, unknown> = { size };
for (const name of values.only.split(',')) {
  const part = parts[name];
  if (part === undefined) throw new Error(`no part ${name}: there are ${Object.keys(parts).join(', ')}`);
  results[name] = await part();
}
if (values.json) console.log(JSON.stringify(results));
