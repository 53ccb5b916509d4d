import {
  type ConsumerEndBatchProcessEvent,
  type ConsumerGroupJoinEvent,
  type EachBatchPayload,
  type Consumer as KafkaConsumer,
  type LogEntry,
  logLevel,
} from 'kafkajs';
import { type PartitionId, partitionId } from '../../core/assignment.ts';
import type { Assignment, Consumer, ConsumerOptions, PartitionOffsets } from '../../ports/log.ts';
import { fetchedFrom, toFetched } from './batches.ts';
import { Committer } from './committer.ts';
import { FetchControl } from './fetch-control.ts';
import { GenerationWatch } from './generation-watch.ts';
import { IncarnationWatch } from './incarnation-watch.ts';
import { PartitionWorker } from './partition-worker.ts';

/** How long the fetch loop waits for a slow partition before it pauses it and goes on with the others. */
const PATIENCE_MS = 1000;
/** Between looks at a full queue, so that heartbeats go out meanwhile. */
const HEARTBEAT_LOOK_MS = 200;
const CLOSE_TIMEOUT_MS = 15_000;
const RETRY_MS = 1000;

/** What a consumer asks of the cluster besides reading. All reject while no broker answers. */
export interface ClusterView {
  incarnation(topic: string): Promise<string>;
  committed(group: string, assignment: Assignment): Promise<number | null>;
  offsets(topic: string): Promise<PartitionOffsets[]>;
}

/** What the kafkajs consumer needs to know of its user. */
export interface ConsumerHooks {
  owned(): readonly PartitionId[];
  /** False once nobody wants it any more: then a crash is final. */
  wanted(): boolean;
  watch(entry: LogEntry): void;
}

/**
 * A consumer-group member on kafkajs. kafkajs fetches, beats and joins; what is assigned and read is decided here:
 * partitions stay paused until their start position is known and inside the log, and every fetch must begin where the
 * last one ended.
 */
export class GroupConsumer implements Consumer {
  readonly failed: Promise<never>;
  private readonly options: ConsumerOptions;
  private readonly cluster: ClusterView;
  private readonly kafka: KafkaConsumer;
  private readonly fetching: FetchControl;
  private readonly committer: Committer;
  private readonly generations = new GenerationWatch();
  private readonly incarnations: IncarnationWatch;
  private readonly workers = new Map<PartitionId, PartitionWorker>();
  /** Revocations under way: a partition that comes back waits for its own. */
  private readonly revocations = new Map<PartitionId, Promise<void>>();
  private generation = -1;
  private failure: unknown;
  private closing: Promise<void> | null = null;
  private running: Promise<void> = Promise.resolve();
  private reject: (error: unknown) => void = () => {};

  constructor(options: ConsumerOptions, cluster: ClusterView, create: (hooks: ConsumerHooks) => KafkaConsumer) {
    this.options = options;
    this.cluster = cluster;
    this.kafka = create({
      owned: () => [...this.workers.keys()],
      wanted: () => this.closing === null,
      watch: (entry) => this.onLogged(entry),
    });
    this.fetching = new FetchControl(this.kafka);
    this.committer = new Committer(this.kafka, options.group, (assignment) => this.owns(assignment));
    this.incarnations = new IncarnationWatch(
      options.topics,
      (topic) => cluster.incarnation(topic),
      (topic) => this.onRecreated(topic),
    );
    this.failed = new Promise<never>((_, reject) => {
      this.reject = reject;
    });
    // Whoever cares listens to it; without a listener the process must not die of an unhandled rejection.
    this.failed.catch(() => {});
  }

  /** Connects and subscribes, then joins and reads in the background. Rejects when no broker answers. */
  async start(): Promise<void> {
    const { kafka } = this;
    const { GROUP_JOIN, CRASH, STOP, END_BATCH_PROCESS } = kafka.events;
    kafka.on(GROUP_JOIN, (event) => this.guardNow(() => this.onJoined(event)));
    kafka.on(END_BATCH_PROCESS, (event) => this.guardNow(() => this.onBatchEnd(event)));
    kafka.on(STOP, () => this.onStopped());
    kafka.on(CRASH, ({ payload }) => this.onCrash(payload.error, payload.restart));
    await kafka.connect();
    // Never from the end: that would lose what reaches a new partition before it is found.
    await kafka.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    this.running = kafka
      .run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (payload) => this.eachBatch(payload) })
      .catch((error) => this.fail(error));
  }

  assignments(): readonly Assignment[] {
    return [...this.workers.values()].map(({ assignment }) => assignment);
  }

  joined(): boolean {
    return this.generation >= 0;
  }

  unhealthy(): string | null {
    const { group } = this.options;
    if (this.failure !== undefined) return `consumer of group ${group} has failed: ${String(this.failure)}`;
    for (const { halted } of this.workers.values()) if (halted !== null) return halted;
    if (this.joined() && !this.fetching.connected) return `consumer of group ${group} is not in touch with Kafka`;
    return null;
  }

  commit(assignment: Assignment, offset: number): Promise<void> {
    return this.committer.commit(assignment, offset);
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private owns({ topic, partition }: Assignment): boolean {
    return this.failure === undefined && this.fetching.connected && this.workers.has(partitionId(topic, partition));
  }

  private async shutDown(): Promise<void> {
    this.incarnations.stop();
    // Still a member: commits made in onRevoked count.
    await Promise.all([...this.workers].map(([id, worker]) => this.revoke(id, worker)));
    this.workers.clear();
    await this.disconnect();
  }

  private async disconnect(): Promise<void> {
    this.onStopped();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    // Stopping before the first join is over would leave a member behind that nobody knows.
    const orderly = this.running.then(() => this.kafka.disconnect()).catch(() => {});
    await Promise.race([orderly, timeout]);
    clearTimeout(timer);
  }

  /** Must not await: kafkajs begins to fetch when it returns, and everything new has to be paused by then. */
  private onJoined({ payload }: ConsumerGroupJoinEvent): void {
    const { generation, continuous } = this.generations.joined(payload.memberId);
    if (this.closing !== null) return;
    this.fetching.connected = true;
    this.generation = generation;
    this.incarnations.look();
    const assigned = toAssignments(payload.memberAssignment);
    for (const [id, worker] of this.workers) {
      if (continuous && assigned.has(id)) continue;
      this.workers.delete(id);
      void this.revoke(id, worker);
    }
    for (const [id, assignment] of assigned) {
      const kept = this.workers.get(id);
      if (kept === undefined) this.gain(id, assignment);
      else this.fetching.align(kept);
    }
  }

  private gain(id: PartitionId, assignment: Assignment): void {
    const { generation } = this;
    const worker: PartitionWorker = new PartitionWorker(assignment, this.options.handlers, {
      onError: (error) => this.fail(error),
      onRoom: () => this.fetching.resume(worker),
    });
    this.workers.set(id, worker);
    this.fetching.pause(worker);
    worker.started = this.guard(async () => {
      await this.revocations.get(id);
      const committed = await insist(worker, () => this.cluster.committed(this.options.group, assignment));
      if (committed === undefined || this.failure !== undefined) return;
      worker.announced = true;
      const start = await this.options.handlers.onAssigned(assignment, generation, committed);
      if ('halt' in start) worker.halt(start.halt);
      else await this.moveTo(worker, start.offset);
    });
  }

  private onLogged(entry: LogEntry): void {
    this.generations.watch(entry);
    if (tellsBrokerError(entry) && this.joined() && this.closing === null) void this.guard(() => this.verifyTopics());
  }

  /** A topic may have been deleted and made again, or trimmed: reading goes on once we know that we still can. */
  private async verifyTopics(): Promise<void> {
    if (this.fetching.suspended) return;
    this.fetching.suspended = true;
    for (const worker of this.workers.values()) this.fetching.pause(worker);
    await this.incarnations.verify();
    this.fetching.suspended = false;
    const reading = [...this.workers.values()].filter(({ expected }) => expected !== null);
    await Promise.all(reading.map((worker) => this.moveTo(worker, worker.expected!)));
  }

  /** Another topic under the same name: its partitions are not the ones we had. */
  private onRecreated(topic: string): void {
    if (this.closing !== null) return;
    for (const [id, worker] of this.workers) {
      if (worker.assignment.topic !== topic) continue;
      void this.revoke(id, worker);
      this.gain(id, worker.assignment);
    }
  }

  /** Reads on from `offset` if the log holds it, and halts the partition otherwise. */
  private async moveTo(worker: PartitionWorker, offset: number): Promise<void> {
    const { topic, partition } = worker.assignment;
    worker.expected = null;
    const all = await insist(worker, () => this.cluster.offsets(topic));
    if (all === undefined) return;
    const range = all.find((one) => one.partition === partition);
    if (range !== undefined && offset >= range.beginning && offset <= range.end) {
      worker.expected = offset;
      this.fetching.align(worker);
      return;
    }
    const holds = range === undefined ? 'no such partition' : `${range.beginning} to ${range.end}`;
    worker.halt(`${topic}/${partition}: offset ${offset} is outside the log, which holds ${holds}`);
  }

  private async eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, commitOffsetsIfNecessary } = payload;
    this.committer.direct = commitOffsetsIfNecessary;
    const worker = this.workers.get(partitionId(batch.topic, batch.partition));
    if (worker === undefined || !this.accepts(worker, fetchedFrom(batch))) return;
    worker.offer(toFetched(batch));
    resolveOffset(batch.messages.at(-1)!.offset);
    await this.waitForRoom(worker, heartbeat);
  }

  /** Only what continues the last fetch is taken. Anything else is kafkajs's reset, or was under way when we moved. */
  private accepts(worker: PartitionWorker, from: number): boolean {
    const { expected, isStopped } = worker;
    if (expected === null || isStopped || this.fetching.suspended) return false;
    if (from === expected) return true;
    this.fetching.pause(worker);
    void this.guard(() => this.moveTo(worker, expected));
    return false;
  }

  /** Slow handlers hold up the fetching for a second at most; then their partition is paused, and others go on. */
  private async waitForRoom(worker: PartitionWorker, heartbeat: () => Promise<void>): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (worker.full && Date.now() < end) {
      await worker.room(HEARTBEAT_LOOK_MS);
      await heartbeat();
    }
    if (worker.full) this.fetching.pause(worker);
  }

  /** Batches without a message for us (transaction markers, aborted records) end without having been in eachBatch. */
  private onBatchEnd({ payload }: ConsumerEndBatchProcessEvent): void {
    const worker = this.workers.get(partitionId(payload.topic, payload.partition));
    if (payload.batchSize > 0 || worker === undefined || worker.expected === null) return;
    // Null: only records below the position were in it (a compressed batch is sent whole); kafkajs steps over one offset.
    const from = payload.firstOffset === null ? worker.expected : Number(payload.firstOffset);
    if (!this.accepts(worker, from)) return;
    worker.offer({
      messages: [],
      nextOffset: Number(payload.lastOffset) + 1,
      endOffset: Number(payload.highWatermark),
    });
  }

  private revoke(id: PartitionId, worker: PartitionWorker): Promise<void> {
    worker.stop();
    const revocation = this.guard(async () => {
      await worker.settled();
      if (worker.announced && this.failure === undefined) await this.options.handlers.onRevoked(worker.assignment);
    });
    this.revocations.set(id, revocation);
    return revocation;
  }

  private onStopped(): void {
    this.fetching.connected = false;
    this.committer.direct = null;
  }

  private onCrash(error: unknown, restart: boolean): void {
    this.onStopped();
    if (!restart && this.closing === null) this.fail(error);
  }

  private guardNow(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.fail(error);
    }
  }

  private async guard(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = error ?? new Error('a handler threw nothing');
    this.incarnations.stop();
    for (const worker of this.workers.values()) worker.stop();
    this.closing ??= this.disconnect();
    this.reject(this.failure);
  }
}

/** A broker refused to tell about a partition: it moved, was trimmed, deleted … kafkajs mends that by itself, in silence. */
function tellsBrokerError({ namespace, level, log }: LogEntry): boolean {
  return namespace === 'Connection' && level === logLevel.ERROR && /^Response (Fetch|Metadata)\(/.test(log.message);
}

function toAssignments(memberAssignment: Record<string, number[]>): Map<PartitionId, Assignment> {
  const assigned = new Map<PartitionId, Assignment>();
  for (const [topic, partitions] of Object.entries(memberAssignment)) {
    for (const partition of partitions) assigned.set(partitionId(topic, partition), { topic, partition });
  }
  return assigned;
}

/** Repeats a question to the cluster until it is answered; undefined when the worker stopped first. */
async function insist<T>(worker: PartitionWorker, ask: () => Promise<T>): Promise<T | undefined> {
  while (!worker.isStopped) {
    try {
      const answer = await ask();
      if (!worker.isStopped) return answer;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return undefined;
}
