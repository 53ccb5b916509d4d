import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { PredictionBlock } from '../../../lib/core/events/block.ts';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;
const MEGABYTE = 1024 * 1024;
/** Forms learned and shapes; twice what is estimated would be past it. */
const MOST = 48 * MEGABYTE;
const NOW = Date.UTC(2026, 0, 1);

/** What is held, in bytes: the heap and what arrays have outside it. */
function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Events of `features` features each, none of which another event has, each in memory of its own as answers are. */
function* events(count: number, features: number): Generator<Buffer> {
  for (let i = 0; i < count; i++) {
    const names = Array.from({ length: features }, (_, n) => [`feature-${i * features + n}`, n]);
    const text = JSON.stringify({
      ...{ prediction_id: 'p', model: 'wide', timestamp: NOW, error: null },
      features: Object.fromEntries(names),
    });
    const answer = Buffer.alloc(MEGABYTE);
    yield answer.subarray(0, answer.write(text));
  }
}

for (const [count, features] of [
  [400, 500],
  [150, 9_000],
  [2_000, 3],
] as const) {
  test(`${count} events of ${features} features that no other has: what is learned of them stays small`, () => {
    const reader = createCodec({ encoding: 'json' }).predictionReader({ texts: true });
    const block = new PredictionBlock();
    const before = held();
    for (const event of events(count, features)) {
      assert.equal(reader.read(event, 1, NOW, block), 'read');
      block.clear();
    }
    const more = held() - before;
    assert.ok(more < MOST, `${Math.round(more / MEGABYTE)} MB`);
    // Still used here, so that it is not collected before.
    assert.equal(reader.read(Buffer.from('{'), 1, NOW, block) === 'read', false);
  });
}
