import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sqlTime } from '../../lib/tables/time.ts';

describe('sqlTime', () => {
  it('writes UTC with milliseconds', () => {
    assert.equal(sqlTime(1540922400007), '2018-10-30 18:00:00.007');
    assert.equal(sqlTime(0), '1970-01-01 00:00:00.000');
    assert.equal(sqlTime(-1), '1969-12-31 23:59:59.999');
  });

  it('refuses what DateTime64 would bend', () => {
    for (const ms of [Date.UTC(1899, 11, 31), Date.UTC(2300, 0, 1), Number.NaN, Infinity]) {
      assert.throws(() => sqlTime(ms), /outside 1900 to 2299/);
    }
  });
});
