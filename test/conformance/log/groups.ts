import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PartitionHaltError, StaleAssignmentError } from '../../../lib/ports/log.ts';
import { eventually, sleep } from '../../support/eventually.ts';
import type { LogContext } from './context.ts';
import { key } from './recorder.ts';

const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ key: `k${from + index}`, value: `${from + index}` }));

/** Consumer groups: sharing, committing, stopping. */
export function groupTests(context: LogContext): void {
  it('resumes at the committed offset', async () => {
    const topic = await context.topic(1);
    const group = context.name('group');
    await context.log.append(topic, numbered(10));
    const first = await context.consume(group, [topic]);
    await eventually('ten records', () => first.recorder.records.length === 10);
    assert.equal(first.recorder.assigned[0]!.committed, null);
    await first.consumer.commit({ topic, partition: 0 }, 6);
    await first.consumer.close();
    const second = await context.consume(group, [topic]);
    await eventually('four records', () => second.recorder.records.length === 4);
    assert.equal(second.recorder.assigned[0]!.committed, 6);
    assert.deepEqual(second.recorder.offsets(topic, 0), [6, 7, 8, 9]);
    assert.ok(second.recorder.generations[0]! > first.recorder.generations[0]!, 'generations rise over members');
    const other = await context.consume(context.name('group'), [topic]);
    await eventually('ten records', () => other.recorder.records.length === 10);
    assert.equal(other.recorder.assigned[0]!.committed, null, 'groups do not see each other');
  });

  it('begins where the handler says, not where the group committed', async () => {
    const topic = await context.topic(1);
    const group = context.name('group');
    await context.log.append(topic, numbered(10));
    const first = await context.consume(group, [topic]);
    await eventually('ten records', () => first.recorder.records.length === 10);
    await first.consumer.commit({ topic, partition: 0 }, 9);
    await first.consumer.close();
    const second = await context.consume(group, [topic], { start: () => ({ offset: 3 }) });
    await eventually('seven records', () => second.recorder.records.length === 7);
    assert.deepEqual(second.recorder.offsets(topic, 0), [3, 4, 5, 6, 7, 8, 9]);
    second.recorder.assertContractKept();
  });

  it('assigns idle partitions, and wakes for what comes', async () => {
    const topic = await context.topic(3);
    const { recorder, consumer } = await context.consume(context.name('group'), [topic]);
    await eventually('all partitions', () => recorder.assigned.length === 3);
    await eventually('joined', () => consumer.joined());
    assert.deepEqual(
      consumer.assignments().map(key).sort(),
      [0, 1, 2].map((partition) => `${topic}/${partition}`),
    );
    assert.equal(consumer.unhealthy(), null);
    assert.equal(consumer.certain(), true);
    await sleep(300);
    await context.log.append(topic, [{ key: null, value: 'now', partition: 1 }]);
    await eventually('the record', () => recorder.records.length === 1, 2000);
    assert.equal(recorder.batches[0]!.endOffset, 1);
    assert.equal(recorder.batches[0]!.nextOffset, 1);
  });

  it('reads several topics', async () => {
    const topics = [await context.topic(2), await context.topic(1)];
    for (const topic of topics) await context.log.append(topic, numbered(5));
    const { recorder } = await context.consume(context.name('group'), topics);
    await eventually('ten records', () => recorder.records.length === 10);
    assert.equal(recorder.assigned.length, 3);
  });

  it('keeps a halted partition assigned and unread, and says so', async () => {
    const topic = await context.topic(2);
    for (const partition of [0, 1]) await context.log.append(topic, [{ key: null, value: 'x', partition }]);
    const { recorder, consumer } = await context.consume(context.name('group'), [topic], {
      start: ({ partition }) => (partition === 0 ? { halt: 'no manifest for partition 0' } : { offset: 0 }),
    });
    await eventually('the other partition', () => recorder.records.length === 1);
    await eventually('the reason', () => consumer.unhealthy()?.includes('no manifest for partition 0'));
    await sleep(300);
    assert.deepEqual(recorder.offsets(topic, 0), []);
    assert.equal(consumer.assignments().length, 2);
    recorder.assertContractKept();
  });

  it('halts the one partition that a handler gives up, and reads it again when it is assigned anew', async () => {
    const topic = await context.topic(2);
    const group = context.name('group');
    const append = (partition: number) => context.log.append(topic, [{ key: null, value: 'x', partition }]);
    await append(0);
    const { recorder, consumer } = await context.consume(group, [topic], {
      onBatch: async ({ partition }) => {
        if (partition === 0) throw new PartitionHaltError(`${topic}/0 is full of poison`);
      },
    });
    await eventually('the reason', () => consumer.unhealthy()?.includes('full of poison'));
    const calls = recorder.batches.length;
    await append(0);
    await append(1);
    await eventually('the other partition', () => recorder.offsets(topic, 1).length === 1);
    await sleep(300);
    assert.equal(recorder.batches.length, calls + 1, 'no call for the halted partition');
    assert.equal(consumer.assignments().length, 2);
    assert.equal(recorder.revoked.length, 0);
    await consumer.close();
    assert.equal(recorder.revoked.length, 2);
    const next = await context.consume(group, [topic]);
    await eventually('all three', () => next.recorder.records.length === 3);
    assert.equal(next.consumer.unhealthy(), null);
  });

  it('halts at a position outside the log, and never skips to another', async () => {
    const topic = await context.topic(1);
    await context.log.append(topic, numbered(5));
    const { recorder, consumer } = await context.consume(context.name('group'), [topic], {
      start: () => ({ offset: 1_000_000_000 }),
    });
    const reason = await eventually('unhealthy', () => consumer.unhealthy());
    assert.match(String(reason), new RegExp(`${topic}.*1000000000`));
    await context.log.append(topic, numbered(5));
    await sleep(500);
    assert.equal(recorder.records.length, 0);
  });

  it('shares partitions with a second consumer, and takes them back when it leaves', async () => {
    const topic = await context.topic(4);
    const group = context.name('group');
    const first = await context.consume(group, [topic]);
    await eventually('four partitions', () => first.consumer.assignments().length === 4);
    const second = await context.consume(group, [topic]);
    await eventually(
      'two each',
      () => first.consumer.assignments().length === 2 && second.consumer.assignments().length === 2,
      30_000,
    );
    await eventually('revoked', () => first.recorder.revoked.length >= 2);
    const owned = [...first.consumer.assignments(), ...second.consumer.assignments()].map(key);
    assert.equal(new Set(owned).size, 4);
    const [earliest] = first.recorder.generations;
    assert.ok(second.recorder.generations.every((generation) => generation > earliest!));
    await context.log.append(topic, numbered(200));
    await eventually('all records', () => first.recorder.records.length + second.recorder.records.length === 200);
    assert.ok(second.recorder.records.length > 0 && first.recorder.records.length > 0);
    await second.consumer.close();
    assert.deepEqual(second.consumer.assignments(), []);
    await eventually('four again', () => first.consumer.assignments().length === 4);
    first.recorder.assertContractKept();
    second.recorder.assertContractKept();
  });

  it('refuses to commit what was revoked', async () => {
    const topic = await context.topic(2);
    const group = context.name('group');
    await context.log.append(topic, numbered(20));
    const first = await context.consume(group, [topic]);
    await eventually('all records', () => first.recorder.records.length === 20);
    const second = await context.consume(group, [topic]);
    await eventually(
      'one each',
      () => first.consumer.assignments().length === 1 && second.consumer.assignments().length === 1,
      30_000,
    );
    const [lost] = second.consumer.assignments();
    const [kept] = first.consumer.assignments();
    await assert.rejects(first.consumer.commit(lost!, 5), StaleAssignmentError);
    await first.consumer.commit(kept!, 4);
    await first.consumer.close();
    await assert.rejects(first.consumer.commit(kept!, 5), StaleAssignmentError);
    await eventually('the kept one moved', () => second.recorder.assigned.length === 2);
    assert.equal(second.recorder.assigned.find(({ assignment }) => key(assignment) === key(kept!))!.committed, 4);
  });

  it('waits for a slow handler without losing the membership or running ahead', async () => {
    const topic = await context.topic(1);
    await context.log.append(topic, numbered(3000));
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { recorder, consumer } = await context.consume(context.name('group'), [topic], { onBatch: () => gate });
    await eventually('a batch', () => recorder.batches.length === 1);
    await context.log.append(topic, numbered(3000, 3000));
    await sleep(8000);
    assert.equal(recorder.batches.length, 1, 'nothing more is handed over');
    assert.equal(recorder.revoked.length, 0, 'no rebalance');
    release();
    await eventually('all records', () => recorder.records.length === 6000);
    await consumer.commit({ topic, partition: 0 }, 6000);
    assert.equal(recorder.assigned.length, 1);
    recorder.assertContractKept();
  });

  it('closes after the running handler, revoking first; commits in onRevoked count', async () => {
    const topic = await context.topic(1);
    const group = context.name('group');
    await context.log.append(topic, numbered(5));
    let ended = false;
    let committed: Promise<void> | null = null;
    const { recorder, consumer } = await context.consume(group, [topic], {
      onBatch: async () => {
        await sleep(500);
        ended = true;
      },
      onRevoked: async (assignment) => {
        committed = consumer.commit(assignment, 5);
        await committed;
      },
    });
    await eventually('a batch', () => recorder.batches.length > 0);
    const closing = consumer.close();
    assert.equal(consumer.close(), closing, 'idempotent');
    await closing;
    assert.ok(ended);
    assert.ok(committed);
    assert.equal(recorder.revoked.length, 1);
    const batches = recorder.batches.length;
    await context.log.append(topic, numbered(5));
    await sleep(300);
    assert.equal(recorder.batches.length, batches);
    const next = await context.consume(group, [topic]);
    await eventually('assigned', () => next.recorder.assigned.length === 1);
    assert.equal(next.recorder.assigned[0]!.committed, 5);
    recorder.assertContractKept();
  });

  it('stops and fails when a handler throws, and leaves its partitions to others', async () => {
    const topic = await context.topic(1);
    const group = context.name('group');
    await context.log.append(topic, numbered(5));
    const { recorder, consumer } = await context.consume(group, [topic], {
      onBatch: async () => {
        throw new Error('the handler broke');
      },
    });
    await assert.rejects(consumer.failed, /the handler broke/);
    assert.match(String(consumer.unhealthy()), /the handler broke/);
    assert.equal(recorder.batches.length, 1, 'no call after the throw');
    await consumer.close();
    const next = await context.consume(group, [topic]);
    await eventually('five records', () => next.recorder.records.length === 5);
  });
}
