import assert from 'node:assert/strict';
import { TOPICS } from '../../lib/core/messages/types.ts';
import { eventually } from '../support/eventually.ts';
import type { Element, Expectation, Step } from './language.ts';
import type { StreamWorld } from './world.ts';

/** How long an expectation may take to come true, ms: a loaded machine, and progress that is repeated every 5 s. */
const PATIENCE_MS = 30_000;

/**
 * Plays a script, step by step. An expectation is waited for, so the one that must not come too early is checked by what
 * follows: a window sealed before its time has a revision too many at the end. Fails with the step and what was seen.
 */
export async function play(world: StreamWorld, script: readonly Step[]): Promise<void> {
  for (const [number, step] of script.entries()) {
    try {
      if (isExpectation(step)) await expect(world, step);
      else await world.play(step);
    } catch (error) {
      throw new Error(`step ${number + 1}, ${JSON.stringify(step)}: ${(error as Error).message}`, { cause: error });
    }
  }
  await world.settled();
  checkSeals(world);
}

/** Every window is sealed once for each coverage, and never from less. */
export function checkSeals(world: StreamWorld): void {
  const last = new Map<number, { revision: number; covered: number; events: number }>();
  for (const { window, revision, covered, events } of world.probe.seals) {
    const before = last.get(window);
    if (before === undefined) assert.equal(revision, 0, `window ${window} was first sealed with revision ${revision}`);
    else if (revision === before.revision) assert.equal(covered, before.covered, `window ${window}, ${revision} twice`);
    else {
      assert.equal(revision, before.revision + 1, `revisions of window ${window}`);
      assert.ok(covered > before.covered, `window ${window} was sealed again from ${covered} ≤ ${before.covered}`);
      assert.ok(events >= before.events, `window ${window} lost events: ${before.events} to ${events}`);
    }
    last.set(window, { revision, covered, events });
  }
}

const EXPECTATIONS = new Set(['watermark', 'window', 'halted', 'lost', 'alerts', 'pages']);

function isExpectation(step: Element | Expectation): step is Expectation {
  return EXPECTATIONS.has(step.step);
}

async function expect(world: StreamWorld, expectation: Expectation): Promise<void> {
  let seen: unknown;
  const wanted = wantedOf(expectation);
  await eventually(
    '',
    async () => {
      seen = await observe(world, expectation);
      return matches(seen, wanted);
    },
    PATIENCE_MS,
  ).catch(() => undefined);
  if (wanted instanceof RegExp) assert.match(String(seen), wanted);
  else assert.deepEqual(seen, wanted);
}

function matches(seen: unknown, wanted: unknown): boolean {
  if (wanted instanceof RegExp) return wanted.test(String(seen));
  return JSON.stringify(seen) === JSON.stringify(wanted);
}

function wantedOf(expectation: Expectation): unknown {
  switch (expectation.step) {
    case 'watermark':
      return { partitions: expectation.partitions, overall: expectation.overall };
    case 'window': {
      const { state, events, revision } = expectation;
      return { state, events, revision };
    }
    case 'halted':
      return new RegExp(expectation.because);
    case 'lost':
      return expectation.events;
    case 'alerts':
      return expectation.events;
    case 'pages':
      return expectation.actions;
  }
}

async function observe(world: StreamWorld, expectation: Expectation): Promise<unknown> {
  const { probe, script } = world;
  switch (expectation.step) {
    case 'watermark': {
      const { incarnation } = await script.port().describeTopic(TOPICS.predictions);
      const partitions = probe.announced(incarnation, script.partitions);
      return { partitions, overall: await probe.overall() };
    }
    case 'window': {
      const found = (await probe.windows()).find(({ window }) => window === expectation.window);
      const { state, events, revision } = found ?? { state: 'none', events: 0, revision: 0 };
      return { state, events, revision: expectation.revision === null ? null : revision };
    }
    case 'halted':
      return world.service('aggregator')?.notReady() ?? 'ready';
    case 'lost':
      return probe.lost(expectation.reason);
    case 'alerts':
      return probe.alerts().map(({ state, revision }) => `${state} ${revision}`);
    case 'pages':
      return probe.pages();
  }
}
