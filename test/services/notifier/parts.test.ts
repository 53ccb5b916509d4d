import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_BACKOFF, nextWait } from '../../../services/notifier/backoff.ts';
import { createGate } from '../../../services/notifier/gate.ts';

describe('nextWait', () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it('stays between half and all of the doubled delay, at most a minute, for any number of failures', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), unit, (failures, random) => {
        const full = Math.min(60_000, 1000 * 2 ** (failures - 1));
        const wait = nextWait(failures, null, DEFAULT_BACKOFF, () => random);
        assert.ok(wait >= full / 2 && wait <= full, `${wait} of ${full}`);
      }),
    );
  });

  it('never comes earlier than Retry-After, and does not believe one of more than a quarter of an hour', () => {
    assert.equal(
      nextWait(1, 30_000, DEFAULT_BACKOFF, () => 0),
      30_000,
    );
    assert.equal(
      nextWait(20, 1000, DEFAULT_BACKOFF, () => 0),
      30_000,
    );
    assert.equal(
      nextWait(1, 86_400_000, DEFAULT_BACKOFF, () => 0),
      900_000,
    );
  });
});

describe('createGate', () => {
  it('keeps the longest pause asked for', () => {
    const gate = createGate(1);
    gate.holdUntil(50);
    gate.holdUntil(20);
    assert.equal(gate.notBefore(), 50);
  });
});
