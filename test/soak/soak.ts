import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../faults/support/member.ts';
import { ViewReader } from '../faults/support/reader.ts';
import { type FaultWorld, openFaultWorld, type Service } from '../faults/support/world.ts';
import { eventually } from '../support/eventually.ts';
import { alertProblems, lostOfHttp, pageProblems, readAlerts } from './checks.ts';
import { Injector } from './inject.ts';
import { MemoryWatch } from './memory.ts';
import { Pager } from './pager.ts';
import { HttpProducer, KafkaProducer, Traffic } from './producers.ts';
import { makeSchedule, type Schedule } from './schedule.ts';
import { reference, WINDOW_MS } from './stream.ts';
import { Timeline } from './timeline.ts';

export interface SoakOptions {
  seed: number;
  /** Of the faults; settling and checking come on top. */
  durationMs: number;
  storeDownMs: number;
  /** Events a second. */
  rate: number;
  /** Tells the timeline on stdout too. */
  echo: boolean;
}

export interface SoakResult {
  problems: string[];
  /** Holds the timeline and the log of every process; kept where there are problems. */
  dir: string;
  timeline: string;
  /** What was done, for people. */
  report: string[];
}

const MB = 1024 * 1024;
const MEMORY = { capBytes: 512 * MB, growthBytes: 20 * MB };
const MEMBERS: readonly [Service, number][] = [
  ['aggregator', 2],
  ['detector', 2],
  ['notifier', 2],
  ['api', 1],
];
/**
 * Those that live long get a heap without slack, as V8 collects late where it may: what grows in ten minutes then ends the
 * process, which is a problem.
 */
const OLD_SPACE_MB: Partial<Record<Service, number>> = { detector: 96, notifier: 96 };
/** Enough windows of clean traffic for every alert to resolve. */
const CALM_MS = 45_000;
const SETTLE_MS = 120_000;
const DAY = 86_400_000;
const SUPERVISE_MS = 100;
/** Of a log that an error quotes. */
const TOLD_CHARS = 400;

const MODELS = [
  '- {name: orders, window: 10s, segments: [region], reference: {name: ref, file: reference.csv}, columns: {score: proba, prediction: yhat}}',
  '- {name: alpha, window: 1h}',
];
const MONITORS = [
  'monitors:',
  '  - {name: orders-drift, model: orders, target: "*", metrics: [psi, ks, chi2], window: 10s, baseline: ref, min_samples: 60, persistence: 2, severity: error}',
];

/** One soak from its schedule to the verdict. */
class Soak {
  readonly #options: SoakOptions;
  readonly #schedule: Schedule;
  readonly #problems: string[] = [];
  readonly #services = new Map<string, Member[]>();
  readonly #pager = new Pager();
  #world!: FaultWorld;
  #timeline!: Timeline;
  #calm = false;

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#schedule = makeSchedule(options);
  }

  async run(): Promise<SoakResult> {
    await this.#pager.server.start();
    const world = await this.#openWorld();
    this.#world = world;
    this.#timeline = new Timeline(join(world.dir, 'timeline.log'), this.#options.echo);
    this.#timeline.note(`seed ${this.#options.seed}, directory ${world.dir}`);
    const report = await this.#soak().catch((error: unknown) => {
      this.#problem(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return [];
    });
    for (const line of [...report, ...this.#problems]) this.#timeline.note(line);
    if (this.#problems.length > 0) process.env.DRIFTLINE_TEST_KEEP = '1';
    await world.close();
    await this.#pager.server.stop();
    return { problems: this.#problems, dir: world.dir, timeline: this.#timeline.file, report };
  }

  #openWorld(): Promise<FaultWorld> {
    const { seed } = this.#options;
    return openFaultWorld({
      seed,
      // Longer than the two seconds of the rows: on a machine that starves its processes members would leave all the time.
      sessionTimeout: '6s',
      models: MODELS,
      lines: MONITORS,
      files: { 'reference.csv': reference(seed) },
      oracle: { windowMs: (model) => WINDOW_MS[model] ?? DAY },
    });
  }

  #problem(what: string): void {
    if (!this.#problems.includes(what)) this.#problems.push(what);
    this.#timeline.note(`PROBLEM ${what}`);
  }

  async #soak(): Promise<string[]> {
    await this.#startMembers();
    const world = this.#world;
    const memory = new MemoryWatch(() => world.members.values());
    const reader = new ViewReader({ sql: world.sql, pauseMs: 100 }).start();
    const kafka = new KafkaProducer(world.bootstrap);
    const http = new HttpProducer(() => this.#services.get('api')![0]!.http());
    const begun = Date.now();
    const traffic = this.#traffic(kafka, http, begun);
    try {
      await this.#injectAll(kafka, begun);
      await this.#heal();
      this.#calm = true;
      await sleep(CALM_MS);
      await traffic.stop();
      await kafka.end();
      await this.#settle();
      await this.#judge(http);
    } finally {
      kafka.abandon();
      memory.stop();
      await reader.stop();
    }
    await this.#judgeReader(reader);
    for (const problem of memory.problems(MEMORY)) this.#problem(problem);
    return [
      `${traffic.sent} events to the log, ${http.accepted.length} through HTTP (${JSON.stringify([...http.answers])})`,
      `${this.#schedule.faults.length} faults, ${world.oracle.events} events counted, ${reader.answered} polls (${reader.unanswered} unanswered)`,
      `${this.#pager.taken.length} events at PagerDuty`,
      ...memory.report(),
    ];
  }

  async #startMembers(): Promise<void> {
    const env = { DRIFTLINE_PAGERDUTY_BASE_URL: this.#pager.server.url };
    for (const [service, count] of MEMBERS) {
      const heap = OLD_SPACE_MB[service];
      const own = heap === undefined ? env : { ...env, NODE_OPTIONS: `--max-old-space-size=${heap}` };
      const members = Array.from({ length: count }, () => this.#world.member(service, own));
      this.#services.set(service, members);
      await Promise.all(members.map((member) => member.start()));
    }
    await Promise.all([...this.#members()].map((member) => member.untilServing()));
    this.#timeline.note('every member serves');
  }

  #members(): Member[] {
    return [...this.#services.values()].flat();
  }

  #traffic(kafka: KafkaProducer, http: HttpProducer, begun: number): Traffic {
    const moment = () => {
      const elapsed = Date.now() - begun;
      const drifted = !this.#calm && this.#schedule.drifts.some(({ from, to }) => elapsed >= from && elapsed < to);
      return { now: Date.now(), drifted, calm: this.#calm };
    };
    const { seed, rate } = this.#options;
    return new Traffic({ seed, rate, partitions: () => this.#world.all, moment, kafka, http }).start();
  }

  async #injectAll(kafka: KafkaProducer, begun: number): Promise<void> {
    const injector = new Injector({
      world: this.#world,
      pager: this.#pager,
      kafka,
      timeline: this.#timeline,
      services: this.#services,
      seed: this.#options.seed,
      problem: (what) => this.#problem(what),
    });
    for (const fault of this.#schedule.faults) {
      await this.#watchUntil(begun + fault.at, injector);
      injector.inject(fault);
    }
    await this.#watchUntil(begun + this.#options.durationMs, injector);
    await injector.settled();
  }

  /** Waits, and supervises meanwhile. */
  async #watchUntil(time: number, injector: Injector): Promise<void> {
    do {
      await this.#supervise((name) => injector.busy.has(name));
      await sleep(Math.min(SUPERVISE_MS, Math.max(0, time - Date.now())));
    } while (Date.now() < time);
  }

  /**
   * Starts again what has ended, as a supervisor would. A process may give up while it starts (its broker or store is
   * away); one that was ready must not end by itself.
   */
  async #supervise(isBusy: (name: string) => boolean): Promise<void> {
    for (const [service, members] of this.#services) {
      for (const [index, member] of members.entries()) {
        if (member.running || isBusy(`${service} ${index}`)) continue;
        const wasReady = await member.ready().then(
          () => true,
          () => false,
        );
        const how = `${member.name} ended by itself with ${member.exit?.code ?? member.exit?.signal}`;
        if (wasReady) this.#problem(`${how}: ${member.output().slice(-TOLD_CHARS)}`);
        else this.#timeline.note(`${how} before it was ready: ${member.output().slice(-TOLD_CHARS)}`);
        member.spawn();
      }
    }
  }

  async #heal(): Promise<void> {
    this.#timeline.note('faults are over');
    const end = Date.now() + SETTLE_MS;
    const waiting = new Set(this.#members());
    while (waiting.size > 0 && Date.now() < end) {
      await this.#supervise(() => false);
      for (const member of waiting) {
        const { status } = await member.readyz().catch(() => ({ status: 0 }));
        if (status === 200) waiting.delete(member);
      }
      await sleep(SUPERVISE_MS);
    }
    for (const { name } of waiting) this.#problem(`${name} does not serve again within ${SETTLE_MS} ms`);
    this.#timeline.note('every member serves again');
  }

  /** Waits until nothing is open or waits to be sent. */
  async #settle(): Promise<void> {
    const { sql } = this.#world;
    await this.#world.untilCovered(SETTLE_MS);
    this.#timeline.note('the ledger covers the log');
    const open = () =>
      sql<{ what: string }>(
        `SELECT concat('alert ', episode, ' ', state) AS what FROM alerts WHERE state NOT IN ('resolved', 'withdrawn')
         UNION ALL SELECT concat('incident ', incident, ' ', state) FROM incidents WHERE state = 'open'
         UNION ALL SELECT concat('delivery ', notice_id, ' ', state) FROM deliveries WHERE state = 'pending'`,
      );
    await eventually('alerts resolved and notices sent', async () => (await open()).length === 0, SETTLE_MS).catch(
      async (error: Error) => this.#problem(`${error.message}: ${JSON.stringify((await open()).slice(0, 10))}`),
    );
    this.#timeline.note('alerts are resolved, notices are sent');
  }

  async #judge(http: HttpProducer): Promise<void> {
    const world = this.#world;
    await world.verify({ sealed: true, timeoutMs: SETTLE_MS }).catch((error: Error) => this.#problem(error.message));
    const events = await readAlerts(world);
    const alerts = await world.sql<{ episode: string; revision: number; state: string; incident: string }>(
      'SELECT episode, revision, state, incident FROM alerts',
    );
    const incidents = await world.sql<{ incident: string; state: string }>('SELECT incident, state FROM incidents');
    this.#timeline.note(`${alerts.length} alerts, ${incidents.length} incidents`);
    for (const problem of alertProblems(events, alerts)) this.#problem(problem);
    for (const problem of pageProblems(events, incidents, this.#pager.taken)) this.#problem(problem);
    const lost = await lostOfHttp(world, http.accepted);
    if (lost.length > 0) this.#problem(`${lost.length} events answered 202 are not counted: ${lost.slice(0, 5)}`);
    for (const member of this.#members()) {
      const { status, body } = await member.readyz();
      if (status !== 200) this.#problem(`${member.name} is not ready in the end: ${body}`);
    }
  }

  async #judgeReader(reader: ViewReader): Promise<void> {
    await reader.settle();
    try {
      reader.assertNone();
    } catch (error) {
      this.#problem((error as Error).message);
    }
  }
}

export function runSoak(options: SoakOptions): Promise<SoakResult> {
  return new Soak(options).run();
}
