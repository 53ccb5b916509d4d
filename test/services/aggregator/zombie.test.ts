import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LogRecord } from '../../../lib/ports/log.ts';
import { Random } from '../../faults/support/random.ts';
import { type World, Worlds } from './harness.ts';
import { HASTY, Owner, type Partition } from './owner.ts';

const DAY = 86_400_000;
/** Every step, and more seeds, where there is time. */
const THOROUGH = process.env.DRIFTLINE_TEST_THOROUGH === '1';
const BASE = Date.UTC(2026, 0, 10);
const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

const isLate = (i: number): boolean => i % 5 === 4;

/** Over three windows; every fifth event is late beyond the horizon. One a second. */
function records(count: number): LogRecord[] {
  return Array.from({ length: count }, (_, offset) => {
    const at = BASE + offset * 1000;
    const timestamp = isLate(offset) ? at - 30 * DAY : at - (offset % 3) * DAY;
    const event = { prediction_id: `p${offset}`, model: 'm', timestamp, features: { x: offset } };
    return { offset, timestamp: at, key: null, value: Buffer.from(JSON.stringify(event)), headers: {} };
  });
}

/** One partition, and everybody who ever owned it. */
class Scene {
  readonly world: World;
  readonly partition: Partition;
  readonly owners: Owner[] = [];

  static async open(count: number, chunkAgeMs = DAY): Promise<Scene> {
    const world = await worlds.world({ ...HASTY, chunkSize: 64, predictionLog: false, chunkAgeMs }, [], 1);
    return new Scene(world, { records: records(count), beginning: 0, generation: 0 });
  }

  constructor(world: World, partition: Partition) {
    this.world = world;
    this.partition = partition;
  }

  /** The group gives the partition to somebody else, who knows nothing yet. */
  next(): Owner {
    this.partition.generation += 1;
    const owner = new Owner(this.world, this.partition);
    this.owners.push(owner);
    return owner;
  }

  /** Every event that counts, by its offset; fails if one counts twice. */
  async counted(): Promise<number[]> {
    const [row] = await this.world.store.query<{ found: number[] }>(
      "SELECT groupArrayArray(values) AS found FROM open_chunk_rows WHERE feature = 'x'",
    );
    const found = row!.found.map(Number).sort((a, b) => a - b);
    const twice = found.filter((offset, at) => offset === found[at - 1]);
    assert.deepEqual(twice, [], 'counted twice');
    return found;
  }

  /** Whoever owns it now reads all there is: every record counts once, or is lost once. */
  async verify(owner: Owner): Promise<void> {
    for (let i = 0; !owner.busy && owner.position < this.partition.records.length; i += 1) {
      assert.ok(i < 1000 && !owner.ended, `the owner came to ${owner.position}`);
      await owner.read(50);
    }
    const offsets = this.partition.records.map(({ offset }) => offset);
    const onTime = offsets.filter((offset) => !isLate(offset));
    assert.deepEqual(await this.counted(), onTime);
    const losses = await this.world.store.query('SELECT reason, sum(events) AS events FROM losses GROUP BY reason');
    assert.deepEqual(losses, [{ reason: 'beyond_horizon', events: offsets.length - onTime.length }]);
    for (const { error } of this.owners) assert.equal(error, null);
  }

  async close(): Promise<void> {
    for (const owner of this.owners) await owner.close();
    await this.world.close();
  }
}

/** Whoever took the partition over cannot read the chunk from its start: retention took it, or it writes other bytes. */
const CAUSES = {
  trimmed: async ({ partition }: Scene) => {
    partition.beginning = 10;
  },
  'of another layout': async ({ world }: Scene) => {
    const [row] = await world.store.query<{ spec_id: string; spec: string }>(
      'SELECT spec_id, spec FROM aggregation_specs LIMIT 1',
    );
    const spec = JSON.stringify({ ...(JSON.parse(row!.spec) as object), layout: 0 });
    await world.store.command('TRUNCATE TABLE aggregation_specs');
    await world.store.insert('aggregation_specs', [{ spec_id: row!.spec_id, spec }]);
  },
};

for (const [cause, happen] of Object.entries(CAUSES)) {
  test(`the open chunk is ${cause}: what its former owner still writes counts nowhere`, async () => {
    for (let standsAt = 0; standsAt < 10; standsAt += THOROUGH ? 1 : 3) {
      const scene = await Scene.open(200);
      const zombie = scene.next();
      await zombie.assign();
      await zombie.read(20);
      zombie.stopBefore(standsAt);
      await zombie.read(20);
      await happen(scene);
      const heir = scene.next();
      await heir.assign();
      await heir.read(15);
      await scene.counted();
      await zombie.goOn();
      await scene.counted();
      // On through the chunk's end, where it has to notice.
      for (let i = 0; i < 6; i += 1) await zombie.read(10);
      assert.ok(zombie.ended, 'overtaken');
      await scene.verify(heir);
      const again = scene.next();
      await again.assign();
      await scene.verify(again);
      await scene.close();
    }
  });
}

test('killed at any step of freezing, in row: the next owner does it again', async () => {
  for (const age of [DAY, 45_000]) {
    const scene = await Scene.open(200, age);
    const zombie = scene.next();
    await zombie.assign();
    await zombie.read(30);
    scene.partition.beginning = 10;
    for (let step = 0; step < 24; step += 1) {
      const killed = scene.next();
      killed.stopBefore(step, true);
      await killed.assign();
      await killed.read(1);
      // Now and then the zombie is faster.
      if (step % 5 === 1) await zombie.read(3);
      await scene.counted();
    }
    const heir = scene.next();
    await heir.assign();
    await zombie.read(5);
    await scene.verify(heir);
    await scene.close();
  }
});

test('two successors race, each standing still at any step: the later one is right', async () => {
  for (let step = 0; step < 22; step += THOROUGH ? 1 : 3) {
    const scene = await Scene.open(160);
    const zombie = scene.next();
    await zombie.assign();
    await zombie.read(30);
    scene.partition.beginning = 10;
    const slow = scene.next();
    slow.stopBefore(step);
    await slow.assign();
    await zombie.read(4);
    scene.partition.beginning = 20;
    const heir = scene.next();
    heir.stopBefore((step * 7) % 22);
    await heir.assign();
    await slow.goOn();
    await slow.read(10);
    await scene.counted();
    await zombie.read(4);
    await heir.goOn();
    await heir.read(10);
    await slow.read(10);
    await scene.verify(heir);
    await scene.close();
  }
});

test('a group made anew counts its generations from 1: its members own the partition all the same', async () => {
  const scene = await Scene.open(300);
  scene.partition.generation = 57;
  const old = scene.next();
  await old.assign();
  await old.read(30);
  scene.partition.generation = 0;
  for (let i = 1; i <= 4; i += 1) {
    scene.partition.beginning = 25 * i;
    const owner = scene.next();
    await owner.assign();
    await old.read(5);
    await owner.read(40);
    assert.ok(!owner.ended);
    await scene.counted();
  }
  await scene.verify(scene.owners.at(-1)!);
  await scene.close();
});

test('whatever owners, retention and kills do, each record counts once', async () => {
  const seeds = Number(process.env.DRIFTLINE_TEST_ZOMBIE_SEEDS ?? (THOROUGH ? 40 : 3));
  const first = Number(process.env.DRIFTLINE_TEST_ZOMBIE_SEED ?? 1);
  for (let seed = first; seed < first + seeds; seed += 1) {
    const random = new Random(seed);
    const below = (n: number) => random.between(0, n - 1);
    const scene = await Scene.open(400, below(2) === 0 ? DAY : 25_000);
    await scene.next().assign();
    for (let step = 0; step < 40; step += 1) await happening(scene, below);
    const last = scene.next();
    await last.assign();
    await scene.verify(last).catch((error: Error) => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    });
    await scene.close();
  }
});

/** One of the things that may happen next. */
async function happening(scene: Scene, below: (n: number) => number): Promise<void> {
  const { owners, partition } = scene;
  const one = owners[Math.max(0, owners.length - 1 - below(4))]!;
  const what = below(10);
  if (what < 5) await one.read(1 + below(12));
  else if (what === 5) one.stopBefore(below(16));
  else if (what === 6) await one.goOn();
  else if (what === 7) one.stopBefore(below(16), true);
  else if (what === 8) partition.beginning = Math.max(partition.beginning, await reached(scene));
  else await scene.next().assign();
  await scene.counted();
}

/** What rows cover cannot be lost any more, so retention may take it. */
async function reached({ world }: Scene): Promise<number> {
  const [row] = await world.store.query<{ reach: number }>(
    `SELECT max(manifest.reach) AS reach FROM manifest_rows AS manifest WHERE (chunk_start, spec_id) IN (
       SELECT chunk_start, argMin(spec_id, (-toInt64(group_generation), spec_id)) FROM manifest_rows GROUP BY chunk_start)
       AND manifest.reach > chunk_start`,
  );
  return row!.reach;
}
