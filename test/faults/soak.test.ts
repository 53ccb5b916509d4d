import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSoak } from '../soak/soak.ts';

test('soak: a minute of random faults with a fixed seed leaves exact counts, one incident each, and no leak', async () => {
  const options = { seed: 4, durationMs: 60_000, storeDownMs: 8_000, rate: 100, echo: false };
  const { problems, timeline, report } = await runSoak(options);
  assert.deepEqual(problems, [], `seed 4, see ${timeline}`);
  console.log(report.join('\n'));
});
