import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { ingesting } from './ingesting.ts';

const { post, records } = ingesting();

test('whatever is sent: accepted and rejected add up, indices are right, and what was accepted is in the log', async () => {
  let run = 0;
  const item = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.dictionary(
        fc.string({ maxLength: 8 }),
        fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null)),
      ),
    },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 12 }), fc.boolean(), async (items, lines) => {
      run += 1;
      const id = (index: number): string => `run-${run}-${index}`;
      const events = items.map((value, index) =>
        typeof value === 'object' && value !== null && !Array.isArray(value) && index % 3 !== 2
          ? { prediction_id: id(index), model: 'm', timestamp: index, features: value }
          : value,
      );
      if (events.length === 0 && lines) return;
      const text = lines ? events.map((event) => JSON.stringify(event)).join('\n') : JSON.stringify(events);
      const { status, body } = await post(
        '/v1/predictions',
        text,
        lines ? { 'content-type': 'application/x-ndjson' } : {},
      );
      assert.equal(status, 202);
      assert.equal(body.accepted + body.rejected.length, events.length);
      const rejected = new Set(body.rejected.map(({ index }) => index));
      assert.equal(rejected.size, body.rejected.length);
      const kept = (await records(TOPICS.predictions)).filter(({ key }) => key?.toString().startsWith(`run-${run}-`));
      const expected = events.map((_, index) => index).filter((index) => !rejected.has(index));
      assert.deepEqual(kept.map(({ key }) => key?.toString()).sort(), expected.map(id).sort());
      for (const record of kept) {
        const index = Number(record.key!.toString().split('-')[2]);
        assert.deepEqual(JSON.parse(record.value!.toString()), JSON.parse(JSON.stringify(events[index])));
      }
    }),
    { numRuns: 40 },
  );
});
