import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTopicIdentity } from '../../../lib/adapters/kafka-metadata/index.ts';
import { createLocalPagerDuty } from '../../../services/pagerduty-local/index.ts';
import { select } from '../../support/driftline-process.ts';
import { type KafkaBroker, type KafkaBrokerOptions, startKafkaBroker } from '../../support/kafka-broker.ts';
import { driftlineCommand } from './build.ts';
import type { EventShape } from './events.ts';
import { Feeder, PREDICTIONS } from './feeder.ts';
import { readPartition } from './kcat.ts';
import { Member } from './member.ts';
import { Recount, type RecountRules } from './recount.ts';
import { StoreProxy } from './store-proxy.ts';
import { checkCommitted, type Judged, untilCovered, type VerifyOptions, verify } from './verify.ts';

export type Service = 'aggregator' | 'detector' | 'notifier' | 'api';

export interface WorldOptions {
  /** Of the topics; default 3. */
  partitions?: number;
  /** Offsets a chunk; default 512, so that many boundaries are crossed. */
  chunkSize?: number;
  /** Least is 1s; default 2s. */
  sessionTimeout?: string;
  /** YAML of `aggregation` beside chunk_size; default flushes every 200 ms. */
  aggregation?: string;
  /** More lines of the configuration file. `models:` is there unless `models` is given. */
  lines?: readonly string[];
  /** Lines under `models:`; the default declares alpha (1h) and beta (10m) without a reference. */
  models?: readonly string[];
  /** Files to lie beside the configuration. */
  files?: Readonly<Record<string, string>>;
  /** Copies of each partition; default 1. For a `broker` that is a cluster. */
  replication?: number;
  /** The world's own broker. */
  brokerOptions?: Pick<KafkaBrokerOptions, 'properties' | 'heapMb'>;
  /** A broker or cluster of the row's own; the world stops it. */
  broker?: KafkaBroker;
  seed?: number;
  events?: Partial<EventShape>;
  /** Changes to how the oracle counts, to fit `models` and the row's own records. */
  oracle?: Partial<RecountRules>;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DEFAULT_MODELS = ['- {name: alpha, window: 1h}', '- {name: beta, window: 10m}'];

/** A cluster of real processes with a store whose answers can be tampered with, and an oracle. Always close it. */
export class FaultWorld {
  readonly dir: string;
  /** Rises when a test adds partitions. */
  partitions: number;
  readonly proxy: StoreProxy;
  readonly feeder: Feeder;
  readonly oracle: Recount;
  readonly members = new Map<string, Member>();
  readonly pagerduty = createLocalPagerDuty({ port: 0 });
  readonly group = 'driftline-aggregator';
  broker!: KafkaBroker;
  /** The sql-server process; `store.restart()` keeps port and data. */
  store!: Member;
  #storeUrl = '';
  #command = '';
  #serial = 0;
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.dir = mkdtempSync(join(tmpdir(), 'driftline-faults-'));
    this.partitions = options.partitions ?? 3;
    this.proxy = new StoreProxy(
      () => this.#storeUrl,
      (name) => this.members.get(name),
    );
    const shape = { start: Date.now() - DAY, step: 10_000, lost: 0.003, bad: 0.003, ...options.events };
    this.feeder = new Feeder(() => this.bootstrap, options.seed ?? 1, shape);
    this.oracle = new Recount({ windowMs, horizonMs: 7 * DAY, futureSkewMs: 5 * MINUTE, ...options.oracle });
  }

  async open(): Promise<this> {
    const { broker, brokerOptions } = this.#options;
    this.#command = await driftlineCommand();
    const [started] = await Promise.all([
      broker ?? startKafkaBroker({ own: true, ...brokerOptions }),
      this.#startStore(),
      this.proxy.start(),
      this.pagerduty.start(),
    ]);
    this.broker = started;
    writeFileSync(this.configFile, this.#configuration());
    for (const [name, text] of Object.entries(this.#options.files ?? {})) writeFileSync(join(this.dir, name), text);
    await this.#migrate();
    return this;
  }

  get bootstrap(): string {
    return this.broker.bootstrap;
  }

  get configFile(): string {
    return join(this.dir, 'driftline.yaml');
  }

  /** Every partition's number. */
  get all(): number[] {
    return Array.from({ length: this.partitions }, (_, partition) => partition);
  }

  /** Rows of a SELECT, asked of the store itself (not through the proxy). Whole numbers of 64 bits are texts. */
  sql = <T>(query: string): Promise<T[]> => select<T>(this.#storeUrl, query);

  /** Runs a statement on the store itself: to tamper with what is there. */
  async execute(statement: string): Promise<void> {
    const response = await fetch(`${this.#storeUrl}/?database=driftline`, { method: 'POST', body: statement });
    const text = await response.text();
    if (!response.ok) throw new Error(`${statement}: ${text}`);
  }

  /** Prepares a member without starting it: `aggregator-1` and so on. `env` wins over the configuration file. */
  member(service: Service, env: NodeJS.ProcessEnv = {}): Member {
    this.#serial += 1;
    const name = `${service}-${this.#serial}`;
    const member = new Member({
      name,
      command: this.#command,
      args: [service, '--config', this.configFile, '--port', '0'],
      // The proxy tells senders apart by it.
      env: { DRIFTLINE_STORE_USERNAME: name, ...env },
      logFile: join(this.dir, `${name}.log`),
    });
    this.members.set(name, member);
    return member;
  }

  /** Starts a service and waits for its ready line (which comes before it has joined its group: see `untilServing`). */
  start(service: Service, env: NodeJS.ProcessEnv = {}): Promise<Member> {
    return this.member(service, env).start();
  }

  /** The topic's id as the broker has it now. */
  async incarnation(topic = PREDICTIONS): Promise<string> {
    const identity = createTopicIdentity({ brokers: this.bootstrap.split(','), clientId: 'faults' });
    try {
      const described = await identity.describe(topic);
      if (described === null) throw new Error(`no topic ${topic}`);
      return described.incarnation;
    } finally {
      await identity.close();
    }
  }

  /** The oracle takes in what the log holds now beyond what it has taken. Call it before records are destroyed. */
  async take(): Promise<void> {
    const incarnation = await this.incarnation();
    await Promise.all(
      this.all.map(async (partition) => {
        const next = this.oracle.next.get(`${incarnation}/${partition}`);
        this.oracle.take(incarnation, await readPartition(this.bootstrap, PREDICTIONS, partition, next ?? 'beginning'));
      }),
    );
  }

  async #judged(): Promise<Judged> {
    const { bootstrap, group, partitions, oracle, sql } = this;
    return { bootstrap, group, topic: PREDICTIONS, incarnation: await this.incarnation(), partitions, oracle, sql };
  }

  /** Takes the log, waits until the ledger covers it, and compares everything with the recount. */
  async verify(options: VerifyOptions = {}): Promise<void> {
    await this.take();
    await verify(await this.#judged(), options);
  }

  /** Takes the log and waits until manifests vouch for all of it. */
  async untilCovered(timeoutMs = 60_000): Promise<void> {
    await this.take();
    await untilCovered(await this.#judged(), timeoutMs);
  }

  /** Fails if a committed offset is past what manifests vouch for; returns them by partition. */
  async checkCommitted(): Promise<(number | null)[]> {
    return checkCommitted(await this.#judged());
  }

  /** Ends everything. With DRIFTLINE_TEST_KEEP=1 the directory stays, with each member's log. */
  async close(): Promise<void> {
    await this.feeder.close();
    await Promise.all([...this.members.values()].map((member) => member.kill()));
    await this.store?.kill();
    await this.proxy.stop();
    await this.pagerduty.stop();
    await this.broker?.stop();
    if (process.env.DRIFTLINE_TEST_KEEP === '1') console.log(`kept: ${this.dir}`);
    else rmSync(this.dir, { recursive: true, force: true });
  }

  async #startStore(): Promise<void> {
    const data = join(this.dir, 'store');
    const logFile = join(this.dir, 'store.log');
    const base = { name: 'store', command: this.#command, env: {}, logFile };
    const args = (port: string) => ['sql-server', '--data', data, '--port', port, '--writable'];
    const first = await new Member({ ...base, args: args('0') }).start();
    this.#storeUrl = /sql=(\S+)/.exec(await first.ready())![1]!;
    this.store = first;
    first.rearm(args(new URL(this.#storeUrl).port));
  }

  #configuration(): string {
    const { chunkSize, sessionTimeout, aggregation, models, lines, replication } = this.#options;
    const log = `kind: kafka, brokers: [${this.bootstrap
      .split(',')
      .map((broker) => `"${broker}"`)
      .join(
        ', ',
      )}], partitions: ${this.partitions}, session_timeout: ${sessionTimeout ?? '2s'}, replication: ${replication ?? 1}`;
    return `${[
      `log: {${log}}`,
      `store: {kind: clickhouse, url: "${this.proxy.url}"}`,
      `pagerduty: {base_url: "${this.pagerduty.url}", routing_key: 0123456789abcdef0123456789abcdef}`,
      'public_url: http://driftline.test',
      `aggregation: {chunk_size: ${chunkSize ?? 512}, ${aggregation ?? 'flush_interval: 200ms, idle_after: 2s, allowed_delay: 1s'}}`,
      'models:',
      ...(models ?? DEFAULT_MODELS).map((line) => `  ${line}`),
      ...(lines ?? []),
    ].join('\n')}\n`;
  }

  async #migrate(): Promise<void> {
    const logFile = join(this.dir, 'migrate.log');
    const args = ['migrate', '--config', this.configFile];
    const migrate = new Member({ name: 'migrate', command: this.#command, args, env: {}, logFile });
    migrate.spawn();
    const code = await migrate.ended();
    if (code !== 0) throw new Error(`migrate ended with ${code}:\n${migrate.output()}`);
  }
}

/** Lengths of the windows of the default models. */
function windowMs(model: string): number {
  return { alpha: HOUR, beta: 10 * MINUTE }[model] ?? DAY;
}

export function openFaultWorld(options: WorldOptions = {}): Promise<FaultWorld> {
  const world = new FaultWorld(options);
  return world.open().catch(async (error: unknown) => {
    await world.close();
    throw error;
  });
}
