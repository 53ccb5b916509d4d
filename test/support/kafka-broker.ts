import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fetchKafka } from '../../scripts/kafka/fetch.mjs';
import { sleep } from './eventually.ts';

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
}

const run = promisify(execFile);

/**
 * Starts Apache Kafka (KRaft, one node) on a free port of 127.0.0.1, or returns the one the test runner shares through
 * DRIFTLINE_TEST_KAFKA. Topics of tests that share a broker need names of their own.
 */
export async function startKafkaBroker(options: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
  const shared = process.env.DRIFTLINE_TEST_KAFKA;
  if (shared !== undefined && shared !== '' && options.own !== true) return sharedBroker(shared);
  const { classPath } = await fetchKafka();
  const dir = await mkdtemp(join(tmpdir(), 'driftline-kafka-'));
  const [port, controllerPort] = await freePorts(2);
  const config = join(dir, 'server.properties');
  await writeFile(config, properties(dir, port!, controllerPort!, options));
  await run(
    'java',
    ['-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', 'ZHJpZnRsaW5lLXRlc3QtMQ', '-c', config],
    {
      env: { ...process.env, LOG_DIR: dir },
    },
  );
  const broker = new BrokerProcess(dir, `127.0.0.1:${port}`, classPath, config);
  await broker.start();
  return broker;
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
  private readonly args: string[];
  private child: ChildProcess | null = null;
  private readonly onExit = () => {
    this.child?.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  };

  constructor(dir: string, bootstrap: string, classPath: string, config: string) {
    this.dir = dir;
    this.bootstrap = bootstrap;
    this.args = ['-Xms256m', '-Xmx384m', '-cp', classPath, 'kafka.Kafka', config];
    process.on('exit', this.onExit);
  }

  async start(): Promise<void> {
    const log = openSync(join(this.dir, 'broker.log'), 'a');
    const child = spawn('java', this.args, { stdio: ['ignore', log, log] });
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
    const end = Date.now() + 60_000;
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

function properties(dir: string, port: number, controllerPort: number, options: KafkaBrokerOptions): string {
  const values: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
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

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
