import type { Consumer as KafkaConsumer } from 'kafkajs';
import type { PartitionWorker } from './partition-worker.ts';

/** Tells kafkajs what to fetch. Silent while it has no group: every join brings all partitions into line again. */
export class FetchControl {
  /** Between a join and the stop, crash or close after it. */
  connected = false;
  /** Nothing is fetched, and nothing that was is taken, until we know again which topics these are. */
  suspended = false;
  private readonly kafka: KafkaConsumer;

  constructor(kafka: KafkaConsumer) {
    this.kafka = kafka;
  }

  /** Brings kafkajs to where the worker stands: after a join, a start or a stray fetch. */
  align(worker: PartitionWorker): void {
    if (!this.connected || worker.isStopped) return;
    if (worker.expected !== null) this.kafka.seek({ ...worker.assignment, offset: String(worker.expected) });
    if (this.suspended || worker.expected === null || worker.full) this.pause(worker);
    else this.unpause(worker);
  }

  pause(worker: PartitionWorker): void {
    const { topic, partition } = worker.assignment;
    worker.paused = true;
    if (this.connected) this.kafka.pause([{ topic, partitions: [partition] }]);
  }

  /** Goes on with a partition that was paused because it was full. */
  resume(worker: PartitionWorker): void {
    if (worker.paused && worker.expected !== null && !worker.isStopped) this.unpause(worker);
  }

  private unpause(worker: PartitionWorker): void {
    const { topic, partition } = worker.assignment;
    if (!this.connected || this.suspended) return;
    worker.paused = false;
    this.kafka.resume([{ topic, partitions: [partition] }]);
  }
}
