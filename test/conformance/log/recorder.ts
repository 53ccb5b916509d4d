import assert from 'node:assert/strict';
import type {
  Assignment,
  Batch,
  ConsumerHandlers,
  LogRecord,
  Position,
  StartPosition,
} from '../../../lib/ports/log.ts';

export interface RecorderOptions {
  start?(assignment: Assignment, committed: number | null): StartPosition;
  onBatch?(batch: Batch): Promise<void>;
  onRevoked?(assignment: Assignment): Promise<void>;
}

export const key = ({ topic, partition }: Assignment) => `${topic}/${partition}`;

/** Handlers that keep what they are given, and hold the adapter to the contract of ConsumerHandlers at every call. */
export class Recorder implements ConsumerHandlers {
  readonly records: (LogRecord & Assignment)[] = [];
  readonly batches: Batch[] = [];
  /** Positions told without records. */
  readonly positions: Position[] = [];
  /** Changes where later assignments begin. */
  startAt: RecorderOptions['start'];
  readonly generations: number[] = [];
  readonly assigned: { assignment: Assignment; committed: number | null }[] = [];
  readonly revoked: Assignment[] = [];
  readonly violations: string[] = [];
  private readonly busy = new Set<string>();
  private readonly position = new Map<string, number | null>();
  private readonly options: RecorderOptions;

  constructor(options: RecorderOptions = {}) {
    this.options = options;
    this.startAt = options.start;
  }

  async onAssigned(assignment: Assignment, generation: number, committed: number | null): Promise<StartPosition> {
    const id = key(assignment);
    if (this.position.has(id)) this.violations.push(`${id} assigned twice`);
    this.generations.push(generation);
    this.assigned.push({ assignment, committed });
    const start = this.startAt?.(assignment, committed) ?? { offset: committed ?? 0 };
    this.position.set(id, 'offset' in start ? start.offset : null);
    return start;
  }

  async onRevoked(assignment: Assignment): Promise<void> {
    const id = key(assignment);
    if (this.busy.has(id)) this.violations.push(`${id} revoked during onBatch`);
    await this.options.onRevoked?.(assignment);
    if (!this.position.delete(id)) this.violations.push(`${id} revoked without being assigned`);
    this.revoked.push(assignment);
  }

  async onPosition(moved: Position): Promise<void> {
    const position = this.position.get(key(moved));
    if (position === undefined || position === null)
      this.violations.push(`${key(moved)}: onPosition while not reading`);
    else if (moved.nextOffset <= position) this.violations.push(`${key(moved)}: onPosition went back`);
    if (this.busy.has(key(moved))) this.violations.push(`${key(moved)}: onPosition during onBatch`);
    this.position.set(key(moved), moved.nextOffset);
    this.positions.push(moved);
  }

  async onBatch(batch: Batch): Promise<void> {
    this.check(batch);
    this.busy.add(key(batch));
    this.batches.push(batch);
    await this.options.onBatch?.(batch);
    for (const record of batch.records)
      this.records.push({ ...record, topic: batch.topic, partition: batch.partition });
    this.position.set(key(batch), batch.nextOffset);
    this.busy.delete(key(batch));
  }

  /** Offsets in the order received. */
  offsets(topic: string, partition: number): number[] {
    return this.of(topic, partition).map(({ offset }) => offset);
  }

  of(topic: string, partition: number): (LogRecord & Assignment)[] {
    return this.records.filter((record) => record.topic === topic && record.partition === partition);
  }

  assertContractKept(): void {
    assert.deepEqual(this.violations, []);
  }

  private check(batch: Batch): void {
    const id = key(batch);
    const position = this.position.get(id);
    const report = (what: string) => this.violations.push(`${id}: ${what}`);
    if (this.busy.has(id)) report('overlapping onBatch');
    if (position === undefined) report('onBatch without an assignment');
    if (position === null) report('onBatch though halted');
    if (batch.records.length === 0) report('empty batch');
    let least = position ?? 0;
    for (const { offset } of batch.records) {
      if (offset < least) report(`offset ${offset} before ${least}`);
      least = offset + 1;
    }
    if (batch.nextOffset < least) report(`nextOffset ${batch.nextOffset} before ${least}`);
    if (batch.endOffset < least) report(`endOffset ${batch.endOffset} before ${least}`);
  }
}
