import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeStreams, type Stream } from '../../../services/replay/merge.ts';

const stream = fc.record({
  labelDelayMs: fc.integer({ min: 0, max: 1000 }),
  rows: fc
    .array(fc.record({ time: fc.integer({ min: 0, max: 2000 }), labelled: fc.boolean() }), { maxLength: 30 })
    .map((rows) =>
      rows
        .sort((a, b) => a.time - b.time)
        .map(({ time, labelled }, index) => ({
          time,
          predictionId: `p${index}`,
          prediction: `prediction ${index}`,
          label: labelled ? `label ${index}` : null,
        })),
    ),
});

test('all records of all streams come out once, in time order, each label its delay after its prediction', () => {
  fc.assert(
    fc.property(fc.array(stream, { maxLength: 4 }), (streams: Stream[]) => {
      const merged = [...mergeStreams(streams)];
      const expected = streams.flatMap(({ rows, labelDelayMs }) =>
        rows.flatMap((row) => [row.time, ...(row.label === null ? [] : [row.time + labelDelayMs])]),
      );
      assert.deepEqual(
        merged.map((record) => record.time),
        expected.sort((a, b) => a - b),
      );
      assert.equal(
        merged.filter((record) => record.topic === 'driftline.predictions').length,
        streams.flatMap((s) => s.rows).length,
      );
    }),
  );
});
