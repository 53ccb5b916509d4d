import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { periodOf } from '../../../lib/core/windows/periods.ts';
import { windowOf } from '../../../lib/core/windows/windows.ts';

const MINUTE = 60_000;
const lengths = fc.constantFrom(1, 5, 7.5, 30, 40, 60, 90, 720, 1440, 7 * 1440).map((minutes) => minutes * MINUTE);
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns', 'Australia/Lord_Howe');
const times = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2040, 0, 1) });

it('every window belongs to one hour and one day at most: those its start lies in, the hour within the day', () => {
  fc.assert(
    fc.property(times, lengths, zones, (time, lengthMs, timezone) => {
      const window = windowOf(time, { lengthMs, timezone });
      const [hour, day] = [periodOf(window, 'hour', timezone), periodOf(window, 'day', timezone)];
      assert.equal(hour === null, window.end - window.start > 60 * MINUTE);
      assert.equal(day === null, lengthMs > 1440 * MINUTE);
      for (const period of [hour, day]) {
        if (period !== null) assert.ok(period.start <= window.start && window.start < period.end);
      }
      if (hour !== null) assert.ok(day !== null && day.start <= hour.start && hour.end <= day.end);
    }),
    { numRuns: 2_000 },
  );
});

it('days are 23 and 25 hours long where clocks change', () => {
  const length = (at: number) => {
    const day = periodOf({ start: at, end: at + MINUTE }, 'day', 'Europe/Berlin')!;
    return (day.end - day.start) / (60 * MINUTE);
  };
  assert.deepEqual(
    [Date.UTC(2026, 2, 29, 12), Date.UTC(2026, 9, 25, 12), Date.UTC(2026, 6, 1)].map(length),
    [23, 25, 24],
  );
});
