import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from './eventually.ts';
import { freePorts } from './free-ports.ts';
import { kafkaJava } from './java.ts';

export interface KafkaBroker {
  /** `127.0.0.1:PORT` */
  bootstrap: string;
  /** Holds the broker's data, configuration and log (`broker.log`). Empty for a shared broker. */
  dir: string;
  /** Ends the broker and removes its directory; leaves a shared broker alone. */
  stop(): Promise<void>;
  /** SIGKILL; `restart` brings it back on the same port with the same data. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** SIGSTOP, SIGCONT … */
  signal(signal: NodeJS.Signals): void;
}

export interface KafkaBrokerOptions {
  /** Partitions of topics made without a number. */
  partitions?: number;
  /** A broker of the test's own even where the test runner shares one: for tests that stop, kill or reconfigure it. */
  own?: boolean;
  /** More lines for server.properties. */
  properties?: Readonly<Record<string, string>>;
  /** Of the JVM, MB; enough for records of ordinary size unless given. */
  heapMb?: number;
}

export interface KafkaCluster extends KafkaBroker {
  /** Of the first broker where none is named. */
  kill(index?: number): Promise<void>;
  restart(index?: number): Promise<void>;
  signal(signal: NodeJS.Signals, index?: number): void;
}

const CLUSTER_ID = 'ZHJpZnRsaW5lLXRlc3QtMQ';

/**
 * Starts Apache Kafka (KRaft, one node) on a free port of 127.0.0.1, or returns the one the test runner shares through
 * DRIFTLINE_TEST_KAFKA. Topics of tests that share a broker need names of their own.
 */
export async function startKafkaBroker(options: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
  const shared = process.env.DRIFTLINE_TEST_KAFKA;
  if (shared !== undefined && shared !== '' && options.own !== true) return sharedBroker(shared);
  const [port, controllerPort] = await freePorts(2);
  const nodes = [{ id: 1, port: port!, controllerPort: controllerPort! }];
  const broker = await prepareNode(nodes[0]!, nodes, options, ['-Xms256m', `-Xmx${options.heapMb ?? 384}m`]);
  await broker.start();
  return broker;
}

/**
 * Starts brokers that are one cluster (KRaft, each a controller too): `bootstrap` names all, `dir` is the first's. Node ids
 * are 1, 2, … Topics are copied to all of them unless `properties` say otherwise.
 */
export async function startKafkaCluster(
  options: { brokers?: number; properties?: Readonly<Record<string, string>> } = {},
): Promise<KafkaCluster> {
  const count = options.brokers ?? 3;
  const ports = await freePorts(2 * count);
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: ports[2 * index]!,
    controllerPort: ports[2 * index + 1]!,
  }));
  const copies = String(count);
  const properties = {
    'default.replication.factor': copies,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    ...options.properties,
  };
  const heap = ['-Xms128m', '-Xmx280m'];
  const brokers = await Promise.all(nodes.map((node) => prepareNode(node, nodes, { properties }, heap)));
  await Promise.all(brokers.map((broker) => broker.start()));
  return {
    bootstrap: brokers.map(({ bootstrap }) => bootstrap).join(','),
    dir: brokers[0]!.dir,
    stop: async () => {
      await Promise.all(brokers.map((broker) => broker.stop()));
    },
    kill: (index = 0) => brokers[index]!.kill(),
    restart: (index = 0) => brokers[index]!.restart(),
    signal: (signal, index = 0) => brokers[index]!.signal(signal),
  };
}

interface Node {
  id: number;
  port: number;
  controllerPort: number;
}

async function prepareNode(
  node: Node,
  nodes: readonly Node[],
  options: KafkaBrokerOptions,
  heap: readonly string[],
): Promise<BrokerProcess> {
  const java = await kafkaJava();
  const dir = await mkdtemp(join(tmpdir(), 'driftline-kafka-'));
  const config = join(dir, 'server.properties');
  await writeFile(config, properties(dir, node, nodes, options));
  await java.run('kafka.tools.StorageTool', ['format', '-t', CLUSTER_ID, '-c', config], { LOG_DIR: dir });
  const start = (log: number) => java.start('kafka.Kafka', [config], { flags: heap, log });
  return new BrokerProcess(dir, `127.0.0.1:${node.port}`, start);
}

function sharedBroker(bootstrap: string): KafkaBroker {
  const refuse = async () => {
    throw new Error('this broker is shared with other tests; start one with {own: true}');
  };
  return { bootstrap, dir: '', stop: async () => {}, kill: refuse, restart: refuse, signal: () => void refuse() };
}

class BrokerProcess implements KafkaBroker {
  readonly dir: string;
  readonly bootstrap: string;
  private readonly spawn: (log: number) => ChildProcess;
  private child: ChildProcess | null = null;
  private readonly onExit = () => {
    this.child?.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  };

  constructor(dir: string, bootstrap: string, spawn: (log: number) => ChildProcess) {
    this.dir = dir;
    this.bootstrap = bootstrap;
    this.spawn = spawn;
    process.on('exit', this.onExit);
  }

  async start(): Promise<void> {
    const log = openSync(join(this.dir, 'broker.log'), 'a');
    const child = this.spawn(log);
    closeSync(log);
    this.child = child;
    child.unref();
    await this.ready(child);
  }

  restart = () => this.start();

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    // Its data goes with it: there is nothing an orderly shutdown would save.
    await this.end('SIGKILL');
    process.off('exit', this.onExit);
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Waits until the broker answers, or throws with its log. */
  private async ready(child: ChildProcess): Promise<void> {
    const end = Date.now() + 120_000;
    while (Date.now() < end && child.exitCode === null) {
      if (await answers(this.bootstrap)) return;
      await sleep(50);
    }
    throw new Error(`Kafka did not start:\n${this.log().slice(-3000)}`);
  }

  private log(): string {
    return readFileSync(join(this.dir, 'broker.log'), 'utf8');
  }
}

function properties(dir: string, node: Node, nodes: readonly Node[], options: KafkaBrokerOptions): string {
  const { id, port, controllerPort } = node;
  const values: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': nodes.map((one) => `${one.id}@127.0.0.1:${one.controllerPort}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(dir, 'data'),
    'num.partitions': String(options.partitions ?? 1),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker is let back in after its old session has ended.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    'group.min.session.timeout.ms': '1000',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.retention.check.interval.ms': '1000',
    'delete.topic.enable': 'true',
    ...options.properties,
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** An ApiVersions request (key 18, version 0, correlation 1, no client id) is answered only by a broker that is up. */
function answers(bootstrap: string): Promise<boolean> {
  const [host, port] = bootstrap.split(':');
  const request = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 255, 255]);
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) }, () => socket.write(request));
    const end = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(1000, () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    socket.once('data', () => end(true));
  });
}
