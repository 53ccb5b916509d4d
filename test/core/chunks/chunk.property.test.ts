import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenChunk } from '../../../lib/core/chunks/chunk.ts';
import type { ChunkLoss, ChunkRow } from '../../../lib/core/chunks/types.ts';
import { usableValues } from '../../../lib/core/sketch/feature.ts';
import { type Arrived, addEvent, addEvents, arrivals, capsWith, HOUR, IDENTITY, SPEC, takeChanges } from './events.ts';
import { lossOf, valuesOf, windowId } from './recount.ts';

/** What the store holds: of each row the one that covers most, as ReplacingMergeTree keeps it. */
class Ledger {
  readonly rows = new Map<string, ChunkRow>();
  readonly losses = new Map<string, ChunkLoss>();

  write(chunk: OpenChunk): void {
    const { rows, losses } = takeChanges(chunk);
    for (const row of rows) {
      const { model, version, role, windowStart, feature, segment, generation } = row;
      const key = JSON.stringify([model, version, role, windowStart, feature, segment, generation]);
      const old = this.rows.get(key);
      if (old === undefined || old.covered <= row.covered) this.rows.set(key, row);
    }
    for (const loss of losses) this.losses.set(loss.reason, loss);
  }

  /** Everything, byte for byte comparable. */
  get content(): string {
    const asText = (_key: string, value: unknown): unknown => {
      if (value instanceof Float64Array) return Array.from(value, (x) => (Object.is(x, -0) ? '-0' : x));
      return value;
    };
    return JSON.stringify([[...this.rows].sort(), [...this.losses].sort()], asText);
  }
}

function add(chunk: OpenChunk, arrived: readonly Arrived[], ledger: Ledger, flushAfter: (i: number) => boolean): void {
  arrived.forEach(({ event, position }, i) => {
    addEvent(chunk, event, position);
    if (flushAfter(i)) ledger.write(chunk);
  });
  ledger.write(chunk);
}

/** Production's, and some that so few events go past. */
const CAPS = [
  capsWith({}),
  capsWith({ liveBytes: 4_000 }),
  capsWith({ liveBytes: 20_000 }),
  capsWith({ liveWindows: 1 }),
  capsWith({
    models: 0,
    variants: 1,
    undeclaredVariants: 1,
    columns: 3,
    segmentValues: 1,
    categories: 1,
    liveWindows: 2,
  }),
];

test('any flush rhythm and any restart within the prefix leave the same bytes', () => {
  fc.assert(
    fc.property(
      arrivals(60),
      fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
      fc.nat(60),
      fc.constantFrom(...CAPS),
      (arrived, flushes, cut, caps) => {
        const once = new Ledger();
        add(new OpenChunk(SPEC, IDENTITY, caps), arrived, once, () => false);

        const killed = new Ledger();
        add(new OpenChunk(SPEC, IDENTITY, caps), arrived.slice(0, cut), killed, (i) => flushes[i]!);
        add(new OpenChunk(SPEC, IDENTITY, caps), arrived, killed, (i) => flushes[59 - i]!);

        assert.equal(killed.content, once.content);
      },
    ),
    { numRuns: 150 },
  );
});

test('events of one shape added as a block leave the same bytes as one by one, wherever blocks end', () => {
  const alike = arrivals(60).map((arrived) =>
    arrived.map(({ event, position }, i) => {
      // Runs of some length: of eight in a row all look like the first.
      const { model, version, features, segments } = arrived[i - (i % 8)]!.event;
      const own = [...features.keys()].map((name) => [name, event.features.get(name) ?? null] as const);
      const within = { model, version, segments, timestamp: event.timestamp - (event.timestamp % HOUR) };
      return { event: { ...event, ...within, features: new Map(own) }, position };
    }),
  );
  fc.assert(
    fc.property(fc.oneof(arrivals(60), alike), fc.nat(60), fc.constantFrom(...CAPS), (arrived, cut, caps) => {
      const single = new Ledger();
      const one = new OpenChunk(SPEC, IDENTITY, caps);
      add(one, arrived, single, () => false);

      const blocks = new Ledger();
      const chunk = new OpenChunk(SPEC, IDENTITY, caps);
      const lost = addEvents(chunk, arrived.slice(0, cut)).size + addEvents(chunk, arrived.slice(cut)).size;
      const { limits } = chunk.changes();
      blocks.write(chunk);

      assert.equal(blocks.content, single.content);
      assert.equal(chunk.liveBytes, one.liveBytes);
      const losses = [...single.losses.values()].reduce((sum, loss) => sum + loss.events, 0);
      assert.equal(lost, losses);
      const again = new OpenChunk(SPEC, IDENTITY, caps);
      for (const { event, position } of arrived) addEvent(again, event, position);
      assert.deepEqual(new Set(limits.map(({ limit, hits }) => `${limit} ${hits}`)), hitsOf(again));
    }),
    { numRuns: 400 },
  );
});

function hitsOf(chunk: OpenChunk): Set<string> {
  return new Set(chunk.changes().limits.map(({ limit, hits }) => `${limit} ${hits}`));
}

test('a restart that takes what the manifest vouches for as written leaves the same bytes', () => {
  fc.assert(
    fc.property(arrivals(60), fc.nat(60), (arrived, cut) => {
      const once = new Ledger();
      add(new OpenChunk(SPEC, IDENTITY), arrived, once, () => false);

      const resumed = new Ledger();
      add(new OpenChunk(SPEC, IDENTITY), arrived.slice(0, cut), resumed, () => false);
      const chunk = new OpenChunk(SPEC, IDENTITY);
      for (const { event, position } of arrived.slice(0, cut)) addEvent(chunk, event, position);
      chunk.forgetChanges();
      add(chunk, arrived.slice(cut), resumed, () => false);

      assert.equal(resumed.content, once.content);
    }),
    { numRuns: 100 },
  );
});

test('every event is in one window or one loss, and every value is counted once', () => {
  fc.assert(
    fc.property(
      arrivals(80),
      fc.constantFrom(capsWith({}), capsWith({ liveBytes: 4_000 }), capsWith({ liveWindows: 1 })),
      (arrived, caps) => {
        const ledger = new Ledger();
        add(new OpenChunk(SPEC, IDENTITY, caps), arrived, ledger, () => false);
        const rows = [...ledger.rows.values()];
        const counted = arrived.filter((item) => lossOf(item, SPEC) === null);

        const events = new Map<string, number>();
        const present = new Map<string, number>();
        for (const { event } of counted) {
          events.set(windowId(event), (events.get(windowId(event)) ?? 0) + 1);
          for (const [name, value] of valuesOf(event)) {
            if (value !== null) present.set(name, (present.get(name) ?? 0) + 1);
          }
        }
        const seenEvents = new Map<string, number>();
        const seenPresent = new Map<string, number>();
        for (const { body, segment, feature, ...row } of rows) {
          if (segment !== '') continue;
          const id = [row.model, row.version, row.role, row.windowStart].join('/');
          if (body.form === 'window') seenEvents.set(id, (seenEvents.get(id) ?? 0) + body.count);
          if (body.form !== 'sketch') continue;
          const there = body.sketch.count - body.sketch.missing;
          if (there > 0) seenPresent.set(feature, (seenPresent.get(feature) ?? 0) + there);
          assert.ok(usableValues(body.sketch) <= there);
        }
        assert.deepEqual(seenEvents, events);
        assert.deepEqual([...seenPresent].sort(), [...present].sort());

        const lost = [...ledger.losses.values()].reduce((sum, loss) => sum + loss.events, 0);
        assert.equal(lost, arrived.length - counted.length);
      },
    ),
    { numRuns: 150 },
  );
});

test('segments add up to the events that name them, on the same values as the whole', () => {
  fc.assert(
    fc.property(arrivals(80), (arrived) => {
      const ledger = new Ledger();
      add(new OpenChunk(SPEC, IDENTITY), arrived, ledger, () => false);
      const rows = [...ledger.rows.values()].filter((row) => row.model === 'declared');
      const counted = arrived.filter((item) => item.event.model === 'declared' && lossOf(item, SPEC) === null);
      for (const value of ['MA', 'NY']) {
        const own = rows.filter((row) => row.segment === `region=${value}`);
        const expected = counted.filter(({ event }) => event.segments.get('region') === value);
        const total = (feature: string, count: (row: ChunkRow) => number): number =>
          own.filter((row) => row.feature === feature).reduce((sum, row) => sum + count(row), 0);
        assert.equal(
          total('', ({ body }) => (body.form === 'window' ? body.count : 0)),
          expected.length,
        );
        assert.equal(
          total('amount', ({ body }) => (body.form === 'grid' ? body.counts.n : 0)),
          expected.filter(({ event }) => Number.isFinite(event.features.get('amount'))).length,
        );
      }
    }),
    { numRuns: 80 },
  );
});
