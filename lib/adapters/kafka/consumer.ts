import {
  type ConsumerGroupJoinEvent,
  type EachBatchPayload,
  type Consumer as KafkaConsumer,
  type LogEntry,
  logLevel,
} from 'kafkajs';
import { type PartitionId, partitionId } from '../../core/assignment.ts';
import {
  type Assignment,
  type Consumer,
  type ConsumerOptions,
  LogUnavailableError,
  type Truncation,
} from '../../ports/log.ts';
import type { ClusterView } from './cluster-view.ts';
import { Committer } from './committer.ts';
import { passes } from './errors.ts';
import { FetchControl } from './fetch-control.ts';
import { GenerationWatch } from './generation-watch.ts';
import { IncarnationWatch } from './incarnation-watch.ts';
import { insist } from './insist.ts';
import { MemberWatch } from './member-watch.ts';
import { PartitionWorker } from './partition-worker.ts';
import { Reading } from './reading.ts';
import { Runs } from './runs.ts';
import { StallWatch } from './stall-watch.ts';

const CLOSE_TIMEOUT_MS = 15_000;
/** Between a crash of kafkajs and the next run, or a start that found no broker and the next. */
const RESTART_MS = 1000;

/** What the kafkajs consumer needs to know of its user. */
export interface ConsumerHooks {
  owned(): readonly PartitionId[];
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
  private readonly stalls: StallWatch;
  private readonly membership: MemberWatch;
  private readonly reading: Reading;
  private readonly runs: Runs;
  private readonly workers = new Map<PartitionId, PartitionWorker>();
  /** Revocations under way: a partition that comes back waits for its own. */
  private readonly revocations = new Map<PartitionId, Promise<void>>();
  private generation = -1;
  private failure: unknown;
  private closing: Promise<void> | null = null;
  private reject: (error: unknown) => void = () => {};

  constructor(
    options: ConsumerOptions,
    cluster: ClusterView,
    create: (hooks: ConsumerHooks) => KafkaConsumer,
    sessionTimeoutMs: number,
  ) {
    this.options = options;
    this.cluster = cluster;
    this.kafka = create({
      // What we do not read is given to others first.
      owned: () => [...this.workers].filter(([, { halted }]) => halted === null).map(([id]) => id),
      watch: (entry) => this.onLogged(entry),
    });
    this.runs = new Runs(
      { run: () => this.run(), stop: () => this.kafka.stop() },
      { wanted: () => this.closing === null, fail: (error) => this.fail(error) },
    );
    this.fetching = new FetchControl(this.kafka);
    this.committer = new Committer(this.kafka, options.group, (assignment) => this.owns(assignment));
    this.incarnations = new IncarnationWatch(
      options.topics,
      (topic) => cluster.incarnation(topic),
      (topic) => this.onRecreated(topic),
    );
    this.stalls = new StallWatch(
      () => (this.fetching.connected && !this.fetching.suspended ? this.workers.values() : []),
      (topic) => cluster.offsets(topic),
      (error) => this.fail(error),
    );
    this.membership = new MemberWatch(
      sessionTimeoutMs,
      () => this.fetching.connected && this.closing === null,
      // The group has given our partitions to others without our knowing.
      () => this.runs.again(0),
    );
    this.reading = new Reading(this.workers, this.fetching, cluster, {
      guard: (call) => this.guard(call),
      onLost: (worker, truncation) => this.startAnew(worker, truncation),
    });
    this.failed = new Promise<never>((_, reject) => {
      this.reject = reject;
    });
    // Whoever cares listens to it; without a listener the process must not die of an unhandled rejection.
    this.failed.catch(() => {});
  }

  /** Connects and subscribes, then joins and reads in the background. Rejects when no broker answers. */
  async start(): Promise<void> {
    const { kafka } = this;
    const { GROUP_JOIN, CRASH, STOP, HEARTBEAT, REQUEST } = kafka.events;
    // Of a heartbeat the request is told of first.
    kafka.on(REQUEST, ({ payload }) => {
      if (payload.apiName === 'Heartbeat') this.membership.sent(payload.sentAt);
    });
    kafka.on(HEARTBEAT, this.membership.beat);
    kafka.on(GROUP_JOIN, (event) => this.guardNow(() => this.onJoined(event)));
    kafka.on(STOP, () => this.onStopped());
    kafka.on(CRASH, ({ payload }) => this.onCrash(payload.error));
    await kafka.connect();
    // Never from the end: that would lose what reaches a new partition before it is found.
    await kafka.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    this.runs.again(0);
  }

  private run(): Promise<void> {
    return this.kafka.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.eachBatch(payload),
    });
  }

  assignments(): readonly Assignment[] {
    return [...this.workers.values()].map(({ assignment }) => assignment);
  }

  joined(): boolean {
    return this.generation >= 0;
  }

  certain(): boolean {
    return this.failure === undefined && this.fetching.connected && this.membership.isCounted(Date.now());
  }

  unhealthy(): string | null {
    const { group } = this.options;
    if (this.failure !== undefined) return `consumer of group ${group} has failed: ${String(this.failure)}`;
    const halts = [...this.workers.values()].flatMap(({ halted }) => (halted === null ? [] : [halted]));
    if (halts.length > 0) return halts.join('; ');
    const missing = this.incarnations.missing() ?? this.stalls.unhealthy();
    if (missing !== null) return missing;
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

  /** From its `onAssigned` on: before that, whoever commits is what had the partition until it was lost and came back. */
  private owns({ topic, partition }: Assignment): boolean {
    const worker = this.workers.get(partitionId(topic, partition));
    return this.failure === undefined && this.fetching.connected && worker?.announced === true;
  }

  private async shutDown(): Promise<void> {
    this.incarnations.stop();
    this.stalls.stop();
    this.membership.stop();
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
    const orderly = this.runs
      .settled()
      .then(() => this.kafka.disconnect())
      .catch(() => {});
    await Promise.race([orderly, timeout]);
    clearTimeout(timer);
  }

  /** Must not await: kafkajs begins to fetch when it returns, and everything new has to be paused by then. */
  private onJoined({ payload }: ConsumerGroupJoinEvent): void {
    const { generation, continuous } = this.generations.joined(payload.memberId);
    if (this.closing !== null) return;
    this.fetching.connected = true;
    this.membership.joined(Date.now());
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
      confirm: (since) => this.incarnations.confirm(assignment.topic, since),
    });
    this.workers.set(id, worker);
    this.fetching.pause(worker);
    worker.started = this.guard(async () => {
      await this.revocations.get(id);
      const committed = await insist(
        () => worker.isStopped,
        () => this.cluster.committed(this.options.group, assignment),
      );
      if (committed === undefined || this.failure !== undefined) return;
      worker.announced = true;
      const start = await this.options.handlers.onAssigned(assignment, generation, committed).catch(unlessAway);
      if (start === null) setTimeout(() => this.startAnew(worker), RESTART_MS);
      else if ('halt' in start) worker.halt(start.halt);
      else await this.reading.moveTo(worker, start.offset, { fresh: true });
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
    await Promise.all(reading.map((worker) => this.reading.moveTo(worker, worker.expected!)));
  }

  /** Another topic under the same name: its partitions are not the ones we had. */
  private onRecreated(topic: string): void {
    if (this.closing !== null) return;
    for (const worker of this.workers.values()) if (worker.assignment.topic === topic) this.startAnew(worker);
  }

  /** As if the partition had been away: what stands in the log is not what we had, or no longer all of it. */
  private startAnew(worker: PartitionWorker, truncation?: Truncation): void {
    const id = partitionId(worker.assignment.topic, worker.assignment.partition);
    if (this.closing !== null || this.workers.get(id) !== worker) return;
    void this.revoke(id, worker, truncation);
    this.gain(id, worker.assignment);
  }

  private eachBatch(payload: EachBatchPayload): Promise<void> {
    this.committer.direct = payload.commitOffsetsIfNecessary;
    return this.reading.eachBatch(payload);
  }

  private revoke(id: PartitionId, worker: PartitionWorker, truncation?: Truncation): Promise<void> {
    worker.stop();
    const revocation = this.guard(async () => {
      await worker.settled();
      if (this.failure === undefined) await worker.revoke(truncation);
    });
    this.revocations.set(id, revocation);
    return revocation;
  }

  private onStopped(): void {
    this.fetching.connected = false;
    this.committer.direct = null;
  }

  private onCrash(error: unknown): void {
    this.onStopped();
    if (this.closing !== null) return;
    if (passes(error)) this.runs.again(RESTART_MS);
    else this.fail(error);
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
    this.stalls.stop();
    this.membership.stop();
    for (const worker of this.workers.values()) worker.stop();
    this.closing ??= this.disconnect();
    this.reject(this.failure);
  }
}

/** Whoever handles a partition asks the log too, which may be away just then: null, to assign it anew. */
function unlessAway(error: unknown): null {
  if (error instanceof LogUnavailableError) return null;
  throw error;
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
