import { after, afterEach, before, test } from 'node:test';
import type { Step } from './language.ts';
import { play } from './run.ts';
import { StreamEngine, type StreamOptions, type StreamWorld } from './world.ts';

type Stream = (name: string, script: readonly Step[], options?: StreamOptions) => void;

/**
 * Opens one engine for the test file that calls it, and returns what makes a script one of its tests, in a world of its own.
 * `first`: steps before every script.
 */
export function streams(first: readonly Step[] = [], defaults: StreamOptions = {}): Stream {
  const engine = new StreamEngine();
  let world: StreamWorld | null = null;
  before(() => engine.open());
  afterEach(async () => {
    await world?.close();
    world = null;
  });
  after(() => engine.close());
  return (name, script, options = {}) => {
    test(name, { timeout: 120_000 }, async () => {
      world = await engine.world({ ...defaults, ...options });
      await play(world, [...first, ...script]);
    });
  };
}
