import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TOPICS } from '../../lib/core/messages/types.ts';
import { Aggregators, type Taken } from '../kafka/aggregators.ts';
import { requireAll, type ServedStore } from '../kafka/served-store.ts';
import type { Produced, Task } from './producer-child.ts';
import { withTopic } from './topic.ts';
import { LedgerWatch } from './watch.ts';

const PRODUCER = fileURLToPath(new URL('./producer-child.ts', import.meta.url));
const EVERY_MS = 20;
const JOIN_MS = 8_000;
const SETTLE_MS = 20_000;

export interface Stream {
  /** Events a second, about. */
  rate: number;
  features: number;
  predictionLog: boolean;
  /** After the first 20, which are not looked at. */
  seconds: number;
  partitions: number;
  allocations?: boolean;
  /** Whether latencies are taken, which costs the store some; default true. */
  watched?: boolean;
  /** A directory for --cpu-prof. */
  profile?: string | undefined;
}

export interface Steady extends Taken {
  events: number;
  /** From the time in each batch of events to its provisional rows, ms, ascending; empty where not watched. */
  latencies: number[];
  produced: Produced;
}

/** A steady stream of JSON through one aggregator; throws unless all of it is in the ledger in the end. */
export function steady(served: ServedStore, stream: Stream): Promise<Steady> {
  const { rate, features, predictionLog, seconds, partitions, allocations = false, profile, watched = true } = stream;
  const batch = Math.max(1, Math.round((rate / partitions) * (EVERY_MS / 1000)));
  const times = Math.round((SETTLE_MS + seconds * 1000) / EVERY_MS);
  const events = batch * times * partitions;
  return withTopic({ features, events: 0, partitions }, async (bootstrap) => {
    await served.empty();
    const watch = watched ? new LedgerWatch(served.store) : null;
    const group = new Aggregators(1, profile);
    const task = { bootstrap, storeUrl: served.url, predictionLog, settleMs: SETTLE_MS, allocations };
    const running = group.run(task, events);
    await wait(JOIN_MS);
    const produced = await produce({
      ...{ bootstrap, features, batch, times, partitions },
      ...{ topic: TOPICS.predictions, everyMs: EVERY_MS },
    });
    const taken = await running;
    await group.close();
    await wait(500);
    await watch?.stop();
    await requireAll(served, events);
    const latencies = watch?.latencies(produced, batch, produced.time[0]! + SETTLE_MS) ?? [];
    return { ...taken, events, produced, latencies };
  });
}

async function produce(task: Task): Promise<Produced> {
  const child = fork(PRODUCER);
  child.send(task);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the producer ended with ${code}`);
  });
  const [produced] = (await Promise.race([once(child, 'message'), ended])) as [Produced];
  ended.catch(() => {});
  child.disconnect();
  return produced;
}
