import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Log, LogUnavailableError, RecordTooLargeError } from '../../lib/ports/log.ts';
import { appendFitting, type Fitting } from '../../lib/runtime/append-fitting.ts';
import { limitedLog } from '../support/limited-log.ts';

interface Text {
  text: string;
}

const halves: Fitting<Text> = {
  record: ({ text }) => ({ key: null, value: text }),
  shorter: ({ text }) => (text.length > 1 ? { text: text.slice(0, Math.ceil(text.length / 2)) } : null),
};
const items = (...texts: string[]) => texts.map((text) => ({ text }));

test('what fits goes once; what does not is shortened until it does, and only that is sent again', async () => {
  const { log, taken, appends } = limitedLog(10);
  const shortened = await appendFitting(log, 't', items('a', 'b'.repeat(11), 'c', 'd'.repeat(40)), halves);
  assert.deepEqual(
    taken.map(({ value }) => value),
    ['a', 'c', 'b'.repeat(6), 'd'.repeat(10)],
  );
  assert.deepEqual(shortened, items('b'.repeat(6), 'd'.repeat(10)));
  assert.deepEqual(appends, [4, 2, 1]);
});

test('rejects by size only where the shortest form is refused too', async () => {
  const { log, taken } = limitedLog(0);
  await assert.rejects(appendFitting(log, 't', items('aaaa', ''), halves), RecordTooLargeError);
  assert.deepEqual(
    taken.map(({ value }) => value),
    [''],
  );
});

test('a log that is away is told as it is, also where a neighbour is too large', async () => {
  const away = new LogUnavailableError('no broker');
  const append: Log['append'] = async (topic, _records, settled) => {
    const refusal = new RecordTooLargeError(topic, 9, null);
    settled?.(0, refusal);
    settled?.(1, away);
    throw refusal;
  };
  await assert.rejects(appendFitting({ append } as Log, 't', items('aa', 'bb'), halves), away);
});

test('what a refused neighbour kept from being sent goes as it is', async () => {
  const sent: unknown[][] = [];
  const append: Log['append'] = async (topic, records, settled) => {
    sent.push(records.map(({ value }) => value));
    if (sent.length > 1) return;
    const refusal = new RecordTooLargeError(topic, 9, null);
    settled?.(0, refusal);
    throw refusal;
  };
  await appendFitting({ append } as Log, 't', items('aa', 'bb'), halves);
  assert.deepEqual(sent, [
    ['aa', 'bb'],
    ['bb', 'a'],
  ]);
});

test('a log that does not say which record it refuses is not asked for ever', async () => {
  const append = () => Promise.reject(new RecordTooLargeError('t', 9, null));
  await assert.rejects(appendFitting({ append } as unknown as Log, 't', items('aa'), halves), RecordTooLargeError);
});
