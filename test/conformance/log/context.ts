import { randomBytes } from 'node:crypto';
import type { Consumer, Log } from '../../../lib/ports/log.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';

export interface OpenLog {
  log: Log;
  close(): Promise<void>;
}

/** One log for a whole suite; topics and groups have names of their own, so that tests can share a broker. */
export class LogContext {
  private opened: OpenLog | null = null;
  private consumers: Consumer[] = [];

  async open(open: () => Promise<OpenLog>): Promise<void> {
    this.opened = await open();
  }

  get log(): Log {
    if (this.opened === null) throw new Error('not open');
    return this.opened.log;
  }

  /** Ends what the test left running. */
  async closeConsumers(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.close()));
    this.consumers = [];
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }

  name(what: string): string {
    return `${what}-${randomBytes(4).toString('hex')}`;
  }

  async topic(partitions: number): Promise<string> {
    const name = this.name('topic');
    await this.log.ensureTopics([{ name, partitions }]);
    return name;
  }

  async consume(group: string, topics: string[], options: RecorderOptions = {}) {
    const recorder = new Recorder(options);
    const consumer = await this.log.consume({ group, topics, handlers: recorder });
    this.consumers.push(consumer);
    return { recorder, consumer };
  }
}
