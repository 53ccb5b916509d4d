import { TOPICS } from '../../lib/core/messages/types.ts';
import {
  type Assignment,
  type Consumer,
  type ConsumerHandlers,
  type ConsumerOptions,
  type Log,
  LogUnavailableError,
  type NewRecord,
  type TopicSpec,
} from '../../lib/ports/log.ts';
import { deferred } from '../../lib/runtime/deferred.ts';

const { predictions } = TOPICS;

/** Partitions the topic really has; those beyond the script's number are kept out of sight until it adds them. */
export const MAX_PARTITIONS = 4;

/**
 * A real log whose predictions topic a script changes while services run: more partitions, a new incarnation, a
 * partition whose records stay with the broker, a broker that does not tell its ends.
 */
export class ScriptedLog {
  readonly #log: Log;
  readonly #subscriptions = new Set<Subscription>();
  readonly #held = new Map<number, ReturnType<typeof deferred<void>>>();
  readonly #positions = new Map<number, number>();
  #incarnations = 1;
  #partitions: number;
  #brokerAnswers = true;

  private constructor(log: Log, partitions: number) {
    this.#log = log;
    this.#partitions = partitions;
  }

  static async create(log: Log, partitions: number): Promise<ScriptedLog> {
    await log.ensureTopics([{ name: predictions, partitions: MAX_PARTITIONS }]);
    return new ScriptedLog(log, partitions);
  }

  /** The log as services see it. */
  port(): Log {
    const own: Partial<Log> = {
      ensureTopics: (topics) => this.#ensure(topics),
      describeTopic: async (name) => {
        const described = await this.#log.describeTopic(this.physical(name));
        return name === predictions ? { ...described, name, partitions: this.#partitions } : described;
      },
      offsets: async (topic) => {
        if (topic !== predictions) return this.#log.offsets(topic);
        if (!this.#brokerAnswers) throw new LogUnavailableError('scripted: the broker does not answer');
        const offsets = await this.#log.offsets(this.physical(topic));
        return offsets.filter(({ partition }) => partition < this.#partitions);
      },
      append: (topic: string, records: readonly NewRecord[]) => this.#log.append(this.physical(topic), records),
      consume: (options) => this.#consume(options),
    };
    return new Proxy(this.#log, {
      get: (log, name: keyof Log) => {
        const method = own[name] ?? log[name];
        return method.bind(log) as unknown;
      },
    });
  }

  get partitions(): number {
    return this.#partitions;
  }

  setBroker(answers: boolean): void {
    this.#brokerAnswers = answers;
  }

  hold(partition: number): void {
    if (!this.#held.has(partition)) this.#held.set(partition, deferred<void>());
  }

  letGo(partition: number): void {
    this.#held.get(partition)?.resolve();
    this.#held.delete(partition);
  }

  /** Notes how far a partition of the topic, as it is now, has been taken in. */
  taken(partition: number, position: number | null): void {
    if (position === null) this.#positions.delete(partition);
    else this.#positions.set(partition, position);
  }

  /** Where the member that has the partition now stands; null: nobody has it, or it is halted. */
  position(partition: number): number | null {
    return this.#positions.get(partition) ?? null;
  }

  isHeld(partition: number): boolean {
    return this.#held.has(partition);
  }

  /** Resolves when the partition's records may be handed over. */
  async released(partition: number): Promise<void> {
    await this.#held.get(partition)?.promise;
  }

  async addPartitions(partitions: number): Promise<void> {
    if (partitions <= this.#partitions || partitions > MAX_PARTITIONS) throw new RangeError(`${partitions} partitions`);
    this.#partitions = partitions;
    for (const subscription of this.#subscriptions) await subscription.reveal();
  }

  async recreate(partitions: number): Promise<void> {
    this.#incarnations += 1;
    this.#partitions = partitions;
    await this.#log.ensureTopics([{ name: this.physical(predictions), partitions: MAX_PARTITIONS }]);
    for (const subscription of this.#subscriptions) await subscription.reopen();
  }

  /** Where the topic's records really are. */
  physical(topic: string): string {
    return topic === predictions && this.#incarnations > 1 ? `${topic}.${this.#incarnations}` : topic;
  }

  logical(topic: string): string {
    return topic === this.physical(predictions) ? predictions : topic;
  }

  async #ensure(topics: readonly TopicSpec[]): Promise<void> {
    await this.#log.ensureTopics(topics.filter(({ name }) => name !== predictions));
  }

  async #consume(options: ConsumerOptions): Promise<Consumer> {
    if (!options.topics.includes(predictions)) return this.#log.consume(options);
    const subscription = new Subscription(this, this.#log, options);
    this.#subscriptions.add(subscription);
    await subscription.open();
    return subscription;
  }
}

/** A consumer of the predictions topic. */
class Subscription implements Consumer {
  readonly #script: ScriptedLog;
  readonly #log: Log;
  readonly #options: ConsumerOptions;
  readonly #failure = deferred<never>();
  /** Partitions out of sight, and the generation in which this member got each. */
  readonly #hidden = new Map<number, number>();
  readonly #closing = deferred<void>();
  #closed = false;
  #inner: Consumer | null = null;

  constructor(script: ScriptedLog, log: Log, options: ConsumerOptions) {
    this.#script = script;
    this.#log = log;
    this.#options = options;
    this.#failure.promise.catch(() => undefined);
  }

  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  async open(): Promise<void> {
    const topics = this.#options.topics.map((topic) => this.#script.physical(topic));
    this.#inner = await this.#log.consume({ ...this.#options, topics, handlers: this.#handlers() });
    this.#inner.failed.catch((error: unknown) => this.#failure.reject(error));
  }

  async reopen(): Promise<void> {
    if (this.#closed) return;
    await this.#inner?.close();
    this.#hidden.clear();
    await this.open();
  }

  async reveal(): Promise<void> {
    for (const [partition, generation] of this.#hidden) {
      if (partition >= this.#script.partitions) continue;
      this.#hidden.delete(partition);
      await this.#options.handlers.onAssigned({ topic: predictions, partition }, generation, null);
      this.#note({ topic: this.#script.physical(predictions), partition }, 0);
    }
  }

  commit(partition: Assignment, offset: number): Promise<void> {
    return this.#inner!.commit({ ...partition, topic: this.#script.physical(partition.topic) }, offset);
  }

  assignments(): readonly Assignment[] {
    const all = this.#inner?.assignments() ?? [];
    return all.filter((place) => !this.#isHidden(place)).map((place) => this.#named(place));
  }

  joined(): boolean {
    return this.#inner?.joined() ?? false;
  }

  certain(): boolean {
    return this.#inner?.certain() ?? false;
  }

  unhealthy(): string | null {
    return this.#inner?.unhealthy() ?? null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    await this.#inner?.close();
  }

  #handlers(): ConsumerHandlers {
    const { handlers } = this.#options;
    const pass = handlers.onPosition?.bind(handlers);
    return {
      onAssigned: async (place, generation, committed) => {
        if (this.#isBeyond(place)) {
          this.#hidden.set(place.partition, generation);
          return { offset: 0 };
        }
        const start = await handlers.onAssigned(this.#named(place), generation, committed);
        this.#note(place, 'offset' in start ? start.offset : null);
        return start;
      },
      onRevoked: async (place) => {
        this.#note(place, null);
        if (!this.#isHidden(place)) await handlers.onRevoked(this.#named(place));
      },
      onBatch: async (batch) => {
        if (this.#script.logical(batch.topic) === predictions) {
          await Promise.race([this.#script.released(batch.partition), this.#closing.promise]);
          // What was held when the member left is for the next one to read.
          if (this.#closed && this.#script.isHeld(batch.partition)) return;
        }
        await handlers.onBatch({ ...batch, topic: this.#script.logical(batch.topic) });
        this.#note(batch, batch.nextOffset);
      },
      ...(pass === undefined
        ? {}
        : {
            onPosition: async (position) => {
              if (!this.#isHidden(position)) await pass({ ...position, topic: this.#script.logical(position.topic) });
            },
          }),
    };
  }

  #note({ topic, partition }: Assignment, position: number | null): void {
    if (this.#script.logical(topic) === predictions) this.#script.taken(partition, position);
  }

  #isBeyond({ topic, partition }: Assignment): boolean {
    return this.#script.logical(topic) === predictions && partition >= this.#script.partitions;
  }

  #isHidden(place: Assignment): boolean {
    return this.#script.logical(place.topic) === predictions && this.#hidden.has(place.partition);
  }

  #named(place: Assignment): Assignment {
    return { topic: this.#script.logical(place.topic), partition: place.partition };
  }
}
