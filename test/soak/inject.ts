import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { retry } from '../../lib/runtime/retry.ts';
import { administer } from '../faults/support/admin.ts';
import type { Member } from '../faults/support/member.ts';
import type { FaultWorld } from '../faults/support/world.ts';
import type { Pager } from './pager.ts';
import type { KafkaProducer } from './producers.ts';
import type { Fault } from './schedule.ts';
import { BAD_LINES, SoakStream } from './stream.ts';
import type { Timeline } from './timeline.ts';

const TOPIC = 'driftline.predictions';
const CHUNK_SIZES = [256, 512, 1024, 2048];
const BURST = 200;
const FLOOD = 300;
const METADATA_MS = 2_000;

export interface Parts {
  world: FaultWorld;
  pager: Pager;
  kafka: KafkaProducer;
  timeline: Timeline;
  /** By service, in the order they were started. */
  services: ReadonlyMap<string, readonly Member[]>;
  seed: number;
  problem(what: string): void;
}

type Act = (fault: Fault, parts: Parts) => Promise<void>;

/** Causes the faults of a schedule. Those that concern the same part wait for each other. */
export class Injector {
  readonly #parts: Parts;
  readonly #queues = new Map<string, Promise<void>>();
  /** Members that a fault has in hand: they may be gone. */
  readonly busy = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Begins the fault now, or when the one before it on the same part is over. */
  inject(fault: Fault): void {
    const parts = partsOf(fault);
    const done = Promise.all(parts.map((part) => this.#queues.get(part))).then(() => this.#run(fault));
    for (const part of parts) this.#queues.set(part, done);
  }

  /** Resolves when every fault is over. */
  async settled(): Promise<void> {
    await Promise.all(this.#queues.values());
  }

  async #run(fault: Fault): Promise<void> {
    const { timeline, problem } = this.#parts;
    const what = `${fault.kind} ${fault.target}`.trim();
    timeline.note(`${what} begins, ${fault.forMs} ms`);
    for (const part of partsOf(fault)) this.busy.add(part);
    try {
      await ACTS[fault.kind](fault, this.#parts);
      timeline.note(`${what} is over`);
    } catch (error) {
      problem(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
    for (const part of partsOf(fault)) this.busy.delete(part);
  }
}

/** Faults of one part would undo each other: a store killed while it is frozen, a member stopped twice. */
function partsOf({ kind, target }: Fault): string[] {
  if (target !== '') return [target];
  if (kind === 'config') return ['aggregator 0', 'aggregator 1'];
  if (kind === 'delete-records') return ['broker', 'store'];
  if (kind.startsWith('broker') || kind === 'add-partitions') return ['broker'];
  if (kind === 'store-kill' || kind === 'store-freeze' || kind === 'store-down') return ['store'];
  return [kind];
}

const ACTS: Record<Fault['kind'], Act> = {
  kill: async ({ target, forMs }, parts) => {
    const member = memberOf(target, parts);
    await member.kill();
    await sleep(forMs);
    member.spawn();
  },
  freeze: async ({ target, forMs }, parts) => {
    const member = memberOf(target, parts);
    member.signal('SIGSTOP');
    await sleep(forMs);
    member.signal('SIGCONT');
  },
  restart: async ({ target }, parts) => restart(memberOf(target, parts), parts),
  join: async ({ forMs, pick }, { world }) => {
    const guest = world.member('aggregator');
    guest.spawn();
    await sleep(forMs);
    await (pick < 0.5 ? guest.kill() : guest.stop());
    world.members.delete(guest.name);
  },
  'broker-kill': async ({ forMs }, { world }) => {
    await world.broker.kill();
    await sleep(forMs);
    await world.broker.restart();
  },
  'broker-freeze': async ({ forMs }, { world }) => {
    world.broker.signal('SIGSTOP');
    await sleep(forMs);
    world.broker.signal('SIGCONT');
  },
  'store-kill': async ({ forMs }, { world }) => {
    await world.store.kill();
    await sleep(forMs);
    await world.store.start();
  },
  'store-freeze': async ({ forMs }, { world }) => {
    world.store.signal('SIGSTOP');
    await sleep(forMs);
    world.store.signal('SIGCONT');
  },
  'store-down': async ({ forMs }, { world }) => {
    world.proxy.down();
    await sleep(forMs);
    world.proxy.up();
  },
  'store-503': (fault, parts) =>
    answering(fault, parts, { at: 'before', act: { status: 503, body: 'made by the soak' } }),
  'store-drop-replies': (fault, parts) => answering(fault, parts, { at: 'after', act: 'dropReply' }),
  'store-exceptions': (fault, parts) =>
    answering(fault, parts, {
      at: fault.pick < 0.25 ? 'before' : 'after',
      act: { exception: fault.pick < 0.5 ? 'body' : 'header' },
    }),
  'store-slow': async ({ forMs, pick }, { world }) => {
    world.proxy.slow(100 + pick * 1_400);
    await sleep(forMs);
    world.proxy.slow(0);
  },
  pagerduty: async ({ forMs, pick }, { pager, timeline }) => {
    timeline.note(`pagerduty answers with ${pager.trouble(pick)}`);
    await sleep(forMs);
    pager.trouble(null);
  },
  config: async ({ pick }, parts) => {
    const { world, services, timeline } = parts;
    const chunkSize = CHUNK_SIZES[Math.floor(pick * CHUNK_SIZES.length)]!;
    const segments = pick < 0.5 ? '[region]' : '[]';
    const text = readFileSync(world.configFile, 'utf8')
      .replace(/chunk_size: \d+/, `chunk_size: ${chunkSize}`)
      .replace(/segments: \[\w*\]/, `segments: ${segments}`);
    writeFileSync(world.configFile, text);
    timeline.note(`chunk_size ${chunkSize}, segments ${segments}`);
    for (const member of services.get('aggregator')!) await restart(member, parts);
  },
  late: async (fault, parts) => sendBurst(fault, parts, (stream) => stream.late(Date.now(), BURST)),
  poison: async (fault, parts) =>
    sendBurst(fault, parts, () =>
      Array.from({ length: BURST / 4 }, (_, index) => BAD_LINES[index % BAD_LINES.length]!),
    ),
  cardinality: async (fault, parts) => sendBurst(fault, parts, (stream) => stream.flood(Date.now(), FLOOD)),
  'delete-records': async (_fault, { world, timeline }) => {
    await world.take();
    const offsets = await vouched(world);
    await withAdmin(world, async (admin) => {
      // It deletes only where it has just looked up the leaders.
      await admin.fetchTopicOffsets(TOPIC);
      await admin.deleteTopicRecords({ topic: TOPIC, partitions: offsets });
    });
    timeline.note(`deleted up to ${offsets.map(({ offset }) => offset).join(', ')}`);
  },
  'add-partitions': async (_fault, { world, timeline }) => {
    const count = world.partitions + 1;
    await withAdmin(world, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: TOPIC, count }] }).catch((error: { type?: string }) => {
        // An attempt before this one made them, and its answer was lost.
        if (error.type !== 'INVALID_PARTITIONS') throw error;
      }),
    );
    // kcat gives up on a partition that its broker does not tell of yet.
    await sleep(METADATA_MS);
    world.partitions = count;
    timeline.note(`${count} partitions`);
  },
};

function memberOf(target: string, { services }: Parts): Member {
  const [service, index] = target.split(' ');
  const member = services.get(service!)?.[Number(index)];
  if (member === undefined) throw new Error(`no member ${target}`);
  return member;
}

/** SIGTERM, which must end it by itself, and a new process. */
async function restart(member: Member, { problem, timeline }: Parts): Promise<void> {
  if (member.running) {
    const begun = Date.now();
    const wasReady = await isReady(member);
    const code = await member.stop();
    const how = code ?? member.exit?.signal;
    timeline.note(`${member.name} ended with ${how} after ${Date.now() - begun} ms`);
    if (how === 'SIGKILL') problem(`${member.name} did not end within 40 s of SIGTERM`);
    // In its first moments, before it listens to it, the signal itself ends a process.
    else if (how === 'SIGTERM' && wasReady) problem(`${member.name} was ready, and SIGTERM did not stop it in order`);
  }
  if (!member.running) member.spawn();
}

async function isReady(member: Member): Promise<boolean> {
  const ready = member.ready().then(
    () => true,
    () => false,
  );
  return Promise.race([ready, sleep(0, false)]);
}

type Rule = Pick<Parameters<FaultWorld['proxy']['arm']>[0], 'at' | 'act'>;

/** Half of what the services ask of the store goes wrong. */
async function answering({ forMs }: Fault, { world }: Parts, rule: Rule): Promise<void> {
  const until = Date.now() + forMs;
  while (Date.now() < until) {
    const armed = world.proxy.arm({ match: /(?:)/, times: 3, ...rule });
    await sleep(100);
    armed.remove();
    await sleep(50);
  }
}

async function sendBurst(
  { pick }: Fault,
  { world, kafka, seed }: Parts,
  make: (stream: SoakStream) => string[],
): Promise<void> {
  const stream = new SoakStream(seed + Math.floor(pick * 1e9), `b${Math.floor(pick * 1e6)}`);
  kafka.send(Math.floor(pick * world.partitions), make(stream));
}

/** How far manifests vouch for each partition: what is deleted below is counted already. */
async function vouched(world: FaultWorld): Promise<{ partition: number; offset: string }[]> {
  const incarnation = await world.incarnation();
  const rows = await world.sql<{ partition: number; reach: string }>(
    `SELECT partition, max(reach) AS reach FROM manifest_rows
     WHERE topic = '${TOPIC}' AND incarnation = '${incarnation}' GROUP BY partition`,
  );
  return rows.map(({ partition, reach }) => {
    const taken = world.oracle.next.get(`${incarnation}/${partition}`) ?? 0;
    return { partition: Number(partition), offset: String(Math.min(taken, Number(reach))) };
  });
}

/** Tries for a while: the broker may just have come back from a fault before this one. */
async function withAdmin(world: FaultWorld, work: Parameters<typeof administer>[1]): Promise<void> {
  await retry(() => administer(world.bootstrap, work), { totalMs: 30_000, minDelayMs: 500 });
}
