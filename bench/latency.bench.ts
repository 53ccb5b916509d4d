/**
 * How late rows are under load: `tsx bench/latency.bench.ts [--share 0.7] [--rate N] [--seconds 60] [--features 20] [--raw off]
 * [--events N] [--allocations] [--prof DIR] [--json]`. First what one aggregator takes of a full topic at most (the best of three
 * rounds), then at that share of it (or N a second) a steady stream: from the time in each event, which is when it was due
 * to be sent, until its provisional row is in the store; how late the aggregator's event loop is, its garbage collection, and
 * with --allocations whose code it allocates for. The first 20 seconds are not counted. All events must be in the ledger.
 */
import { parseArgs } from 'node:util';
import { Aggregators } from './kafka/aggregators.ts';
import { requireAll, serveStore } from './kafka/served-store.ts';
import { steady } from './latency/steady.ts';
import { withTopic } from './latency/topic.ts';

const { values } = parseArgs({
  options: {
    share: { type: 'string', default: '0.7' },
    rate: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    features: { type: 'string', default: '20' },
    raw: { type: 'string', default: 'off' },
    events: { type: 'string', default: '600000' },
    allocations: { type: 'boolean', default: false },
    prof: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const PARTITIONS = 4;
const features = Number(values.features);
const predictionLog = values.raw === 'on';
const served = await serveStore();

/** Of a topic that is already full, events a second. */
function peak(): Promise<number> {
  const total = Number(values.events);
  return withTopic({ features, events: total, partitions: PARTITIONS }, async (bootstrap) => {
    const group = new Aggregators(1);
    let best = 0;
    for (let round = 0; round < 3; round++) {
      await served.empty();
      const { rate } = await group.run({ bootstrap, storeUrl: served.url, predictionLog }, total);
      await requireAll(served, total);
      best = Math.max(best, rate);
    }
    await group.close();
    return best;
  });
}

const at = (share: number, ascending: readonly number[]) => ascending[Math.floor(share * (ascending.length - 1))]!;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

const most = values.rate === undefined ? await peak() : null;
const rate = most === null ? Number(values.rate) : most * Number(values.share);
const { latencies, vitals, cpu, produced } = await steady(served, {
  ...{ rate, features, predictionLog, seconds: Number(values.seconds), partitions: PARTITIONS },
  ...{ allocations: values.allocations, profile: values.prof },
});
const of = most === null ? '' : ` (${percent(rate / most)} of ${Math.round(most)})`;
console.log(
  `\n${Math.round(rate)} events/s${of} of ${features} features as JSON, raw log ${values.raw}, ${values.seconds} s`,
);
console.log(
  `event to provisional row, ms: ${at(0.5, latencies)} median, ${at(0.95, latencies)} 95 %, ${at(0.99, latencies)} 99 %, ` +
    `${at(1, latencies)} greatest; the producer itself late by ${produced.late} at 99 %`,
);
const { delayP50, delayP99, delayMost, gcShare, allocated } = vitals[0]!;
console.log(
  `the aggregator: ${cpu.toFixed(2)} µs of CPU an event; its event loop late by ${delayP50.toFixed(1)} ms median, ` +
    `${delayP99.toFixed(1)} ms 99 %, ${delayMost.toFixed(1)} ms at most; garbage ${percent(gcShare)} of the time`,
);
if (allocated !== null) {
  const { kafkajs, port, rest } = allocated;
  console.log(`allocated for kafkajs ${percent(kafkajs)}, the log port ${percent(port)}, the rest ${percent(rest)}`);
}
await served.close();
if (values.json) {
  const shares = Object.fromEntries([0.5, 0.95, 0.99, 1].map((share) => [share, at(share, latencies)]));
  console.log(JSON.stringify({ peak: most, rate, cpu, latency: shares, late: produced.late, vitals: vitals[0] }));
}
