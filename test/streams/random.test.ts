import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { eventually } from '../support/eventually.ts';
import type { Element } from './language.ts';
import { Oracle, type OracleWindow, type Rules } from './oracle.ts';
import { checkSeals } from './run.ts';
import { SETTINGS, StreamEngine, type StreamWorld } from './world.ts';

const engine = new StreamEngine();
before(() => engine.open());
after(() => engine.close());

const PARTITIONS = 2;
const CHUNK = 4;
/** Scripts to play; more with DRIFTLINE_TEST_SCRIPTS. */
const SCRIPTS = Number(process.env.DRIFTLINE_TEST_SCRIPTS ?? 4);

/** A move whose numbers are taken from where the script stands, so that every draw makes a sensible stream. */
type Move =
  | { move: 'send'; partition: number; count: number; behind: number; lateness: number; replay: boolean }
  | { move: 'pass-on'; by: number }
  | { move: 'hold'; partition: number }
  | { move: 'restart'; service: 'aggregator' | 'detector' };

const partition = fc.nat({ max: PARTITIONS - 1 });
const moves: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      move: fc.constant('send' as const),
      partition,
      count: fc.integer({ min: 1, max: CHUNK }),
      /** Of the event times against the stream's head, s. */
      behind: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 20 }) }, { weight: 1, arbitrary: fc.nat({ max: 900 }) }),
      lateness: fc.nat({ max: 30 }),
      replay: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ move: fc.constant('pass-on' as const), by: fc.integer({ min: 1, max: 90 }) }) },
  { weight: 2, arbitrary: fc.record({ move: fc.constant('hold' as const), partition }) },
  {
    weight: 2,
    arbitrary: fc.record({
      move: fc.constant('restart' as const),
      service: fc.constantFrom('aggregator' as const, 'detector' as const),
    }),
  },
);

/** The script that the moves make, and what it must come to after each element, by the oracle. */
function compose(
  chosen: readonly Move[],
  rules: Rules,
): { element: Element; windows: OracleWindow[]; overall: number | null }[] {
  const oracle = new Oracle(rules);
  const script: { element: Element; windows: OracleWindow[]; overall: number | null }[] = [];
  let head = 0;
  const add = (element: Element): void => {
    oracle.play(element);
    script.push({ element, windows: oracle.windows, overall: oracle.overall });
  };
  for (const move of chosen) {
    switch (move.move) {
      case 'send': {
        // Two appends that wait are handed over in one batch or in two: either may be.
        if (oracle.isWaiting(move.partition)) break;
        head = Math.max(head, oracle.clock);
        const newest = Math.max(0, head - move.behind);
        const count = Math.min(move.count, oracle.roomIn(move.partition));
        const at = Array.from({ length: count }, (_, i) => Math.max(0, newest - i * 7));
        add({ step: 'send', partition: move.partition, at, arrival: head + move.lateness, replay: move.replay });
        break;
      }
      case 'pass-on':
        head = Math.max(head, oracle.clock) + move.by;
        add({ step: 'clock', to: head });
        break;
      case 'hold':
        add({ step: oracle.isHeld(move.partition) ? 'let-go' : 'hold', partition: move.partition });
        break;
      case 'restart':
        for (let held = 0; held < rules.partitions; held++) {
          if (oracle.isHeld(held)) add({ step: 'let-go', partition: held });
        }
        add({ step: 'restart', service: move.service });
        break;
    }
  }
  for (let held = 0; held < rules.partitions; held++) {
    if (oracle.isHeld(held)) add({ step: 'let-go', partition: held });
  }
  return script;
}

async function follow(world: StreamWorld, script: ReturnType<typeof compose>): Promise<void> {
  await world.start('aggregator');
  await world.start('detector');
  for (const [i, { element, windows, overall }] of script.entries()) {
    await world.play(element);
    await world.settled();
    let seen: unknown;
    const wanted = { windows, overall };
    await eventually(
      '',
      async () => {
        seen = { windows: await world.probe.windows(), overall: await world.probe.overall() };
        return JSON.stringify(seen) === JSON.stringify(wanted);
      },
      30_000,
    ).catch(() => undefined);
    const told = script.slice(0, i + 1).map(({ element }) => JSON.stringify(element));
    assert.deepEqual(seen, wanted, `after ${told.join('\n')}`);
  }
  checkSeals(world);
}

test('whatever is sent, held, paused and restarted: windows complete when the rules say so, never before, and once', {
  timeout: 600_000,
}, async () => {
  const rules: Rules = { ...SETTINGS, partitions: PARTITIONS, chunkSize: CHUNK };
  await fc.assert(
    fc.asyncProperty(fc.array(moves, { minLength: 6, maxLength: 14 }), async (chosen) => {
      const world = await engine.world({ partitions: PARTITIONS, chunkSize: CHUNK });
      try {
        await follow(world, compose(chosen, rules));
      } finally {
        await world.close();
      }
    }),
    // A failing script is read as it is: each one tried costs seconds.
    { numRuns: SCRIPTS, endOnFailure: true },
  );
});
