import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { murmur2, partitionForKey } from '../../lib/core/partitioner.ts';

/** From Apache Kafka's own UtilsTest.testMurmur2. */
const VECTORS: readonly [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
];

describe('partitioner', () => {
  it('hashes as the Java clients do', () => {
    for (const [text, hash] of VECTORS) assert.equal(murmur2(Buffer.from(text)), hash, text);
    assert.equal(murmur2(Buffer.from('abc')), 479470107);
  });

  it('is never negative', () => {
    for (const [text] of VECTORS) {
      const partition = partitionForKey(Buffer.from(text), 7);
      assert.ok(partition >= 0 && partition < 7);
    }
    assert.equal(partitionForKey(Buffer.from('21'), 1000), (-973932308 & 0x7fffffff) % 1000);
  });
});
