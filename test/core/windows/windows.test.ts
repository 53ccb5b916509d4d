import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { validateTimezone, windowOf } from '../../../lib/core/windows/windows.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const utc = (text: string) => Date.parse(`${text}Z`);
const shown = (timestamp: number, lengthMs: number, timezone: string) => {
  const { start, end } = windowOf(timestamp, { lengthMs, timezone });
  return [new Date(start).toISOString().slice(0, 16), (end - start) / HOUR];
};

describe('windowOf', () => {
  it('in UTC is plain arithmetic, before 1970 too', () => {
    assert.deepEqual(shown(utc('2018-10-30T18:08:43'), MINUTE, 'UTC'), ['2018-10-30T18:08', 1 / 60]);
    assert.deepEqual(shown(utc('2018-10-30T18:00:00'), DAY, 'UTC'), ['2018-10-30T00:00', 24]);
    assert.deepEqual(shown(utc('1969-12-31T23:59:59'), DAY, 'UTC'), ['1969-12-31T00:00', 24]);
  });

  it('counts weeks from Monday', () => {
    assert.deepEqual(shown(utc('2024-03-10T12:00:00'), 7 * DAY, 'UTC'), ['2024-03-04T00:00', 168]);
    assert.deepEqual(shown(utc('2024-04-01T00:00:00'), 7 * DAY, 'Europe/Berlin'), ['2024-03-31T22:00', 168]);
    assert.deepEqual(shown(utc('2024-03-31T12:00:00'), 7 * DAY, 'Europe/Berlin'), ['2024-03-24T23:00', 167]);
  });

  it('gives days of 23 and 25 hours where clocks change', () => {
    assert.deepEqual(shown(utc('2024-03-31T12:00:00'), DAY, 'Europe/Berlin'), ['2024-03-30T23:00', 23]);
    assert.deepEqual(shown(utc('2024-10-27T12:00:00'), DAY, 'Europe/Berlin'), ['2024-10-26T22:00', 25]);
    assert.deepEqual(shown(utc('2024-03-10T12:00:00'), DAY, 'America/New_York'), ['2024-03-10T05:00', 23]);
  });

  it('begins a day after the gap where its midnight does not exist', () => {
    // São Paulo, 4 November 2018: 00:00 became 01:00, which is 03:00 UTC.
    assert.deepEqual(shown(utc('2018-11-04T12:00:00'), DAY, 'America/Sao_Paulo'), ['2018-11-04T03:00', 23]);
  });

  it('handles offsets that are no whole hours, and a date that a zone left out', () => {
    assert.deepEqual(shown(utc('2024-01-01T00:00:00'), DAY, 'Asia/Kathmandu'), ['2023-12-31T18:15', 24]);
    // Samoa had no 30 December 2011.
    assert.deepEqual(shown(utc('2011-12-30T11:00:00'), DAY, 'Pacific/Apia'), ['2011-12-30T10:00', 24]);
    assert.deepEqual(shown(utc('2011-12-30T09:00:00'), DAY, 'Pacific/Apia'), ['2011-12-29T10:00', 24]);
  });

  it('restarts lengths that divide a day at local midnight, cutting the last one off', () => {
    assert.deepEqual(shown(utc('2024-10-26T22:00:00'), 6 * HOUR, 'Europe/Berlin'), ['2024-10-26T22:00', 6]);
    assert.deepEqual(shown(utc('2024-10-27T22:30:00'), 6 * HOUR, 'Europe/Berlin'), ['2024-10-27T22:00', 1]);
    assert.deepEqual(shown(utc('2024-03-31T21:30:00'), 6 * HOUR, 'Europe/Berlin'), ['2024-03-31T17:00', 5]);
  });

  it('counts other lengths from the epoch, whatever the zone', () => {
    const spec = { lengthMs: 7 * HOUR, timezone: 'Europe/Berlin' };
    assert.deepEqual(windowOf(0, spec), { start: 0, end: 7 * HOUR });
    assert.deepEqual(windowOf(100 * HOUR, spec), windowOf(100 * HOUR, { ...spec, timezone: 'UTC' }));
  });

  it('partitions time: windows contain their timestamps and follow without gap, in any order of asking', () => {
    const zone = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/Sao_Paulo',
      'Australia/Lord_Howe',
      'Asia/Tehran',
      'America/St_Johns',
    );
    const length = fc.constantFrom(MINUTE, HOUR, 6 * HOUR, 7 * HOUR, DAY, 2 * DAY, 7 * DAY);
    const time = fc.integer({ min: utc('1972-01-01T00:00:00'), max: utc('2037-01-01T00:00:00') });
    fc.assert(
      fc.property(zone, length, time, (timezone, lengthMs, timestamp) => {
        const spec = { lengthMs, timezone };
        const window = windowOf(timestamp, spec);
        assert.ok(window.start <= timestamp && timestamp < window.end);
        assert.deepEqual(windowOf(window.start, spec), window);
        assert.deepEqual(windowOf(window.end - 1, spec), window);
        assert.equal(windowOf(window.end, spec).start, window.end);
        assert.equal(windowOf(window.start - 1, spec).end, window.start);
      }),
      { numRuns: 300 },
    );
  });

  it('is fast where events come in time order', () => {
    const spec = { lengthMs: DAY, timezone: 'Europe/Berlin' };
    const from = utc('2024-01-01T00:00:00');
    const start = process.hrtime.bigint();
    for (let i = 0; i < 200_000; i++) windowOf(from + i * 1000, spec);
    const nanoseconds = Number(process.hrtime.bigint() - start) / 200_000;
    assert.ok(nanoseconds < 2_000, `${nanoseconds} ns a call`);
  });

  it('refuses lengths and zones that are none', () => {
    for (const lengthMs of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => windowOf(0, { lengthMs, timezone: 'UTC' }), /positive whole number/);
    }
    assert.throws(() => windowOf(0, { lengthMs: DAY, timezone: 'Mars/Olympus' }), RangeError);
    assert.match(validateTimezone('Mars/Olympus')!, /unknown time zone "Mars\/Olympus"/);
    assert.deepEqual(['UTC', 'Europe/Berlin'].map(validateTimezone), [null, null]);
  });
});
