import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSlots } from '../../lib/runtime/slots.ts';

test('runs no more than the limit at once, in order, and goes on after failures', async () => {
  const inSlot = createSlots(2);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const task = (i: number) => async () => {
    order.push(i);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    if (i % 2 === 0) throw new Error('even');
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((i) => inSlot(task(i))));
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(
    results.map(({ status }) => status === 'rejected'),
    [true, false, true, false, true, false],
  );
});

test('refuses who finds the queue full, and takes the next once there is room', async () => {
  const inSlot = createSlots(1, { waiting: 1, refuse: () => new Error('full') });
  let finish = (): void => {};
  const first = inSlot(() => new Promise<void>((resolve) => (finish = resolve)));
  const second = inSlot(async () => 'second');
  await assert.rejects(
    inSlot(async () => 'third'),
    /full/,
  );
  finish();
  await first;
  assert.equal(await second, 'second');
  assert.equal(await inSlot(async () => 'fourth'), 'fourth');
});

test('tasks of different weights fill the room, in order; one that is heavier than all of it runs alone', async () => {
  const inSlot = createSlots(10);
  const started: number[] = [];
  const gates: (() => void)[] = [];
  const task = (weight: number) =>
    inSlot(async () => {
      started.push(weight);
      await new Promise<void>((resolve) => gates.push(resolve));
    }, weight);
  const tasks = [6, 3, 4, 1, 99, 2].map(task);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  await settle();
  // 4 does not fit, and 1 does not overtake it.
  assert.deepEqual(started, [6, 3]);
  gates[0]!();
  await settle();
  assert.deepEqual(started, [6, 3, 4, 1]);
  for (const gate of gates.slice(1)) gate();
  await settle();
  assert.deepEqual(started, [6, 3, 4, 1, 99]);
  gates[4]!();
  await settle();
  gates[5]!();
  await Promise.all(tasks);
  assert.deepEqual(started, [6, 3, 4, 1, 99, 2]);
});
