import type { FaultWorld } from './world.ts';

/** Runs a statement that gives no rows on the store itself, not through the proxy. */
export async function storeCommand(world: FaultWorld, sql: string): Promise<void> {
  const url = /sql=(\S+)/.exec(await world.store.ready())![1]!;
  const response = await fetch(`${url}/?database=driftline`, { method: 'POST', body: sql });
  if (!response.ok) throw new Error(`${sql}: ${await response.text()}`);
}
