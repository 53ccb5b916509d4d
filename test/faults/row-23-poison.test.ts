import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import avsc from 'avsc';
import { eventually } from '../support/eventually.ts';
import { type Poison, poison } from '../support/poison.ts';
import { huge, LARGE, LARGE_BROKER, sendHuge } from './support/huge.ts';
import { readPartition } from './support/kcat.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const MEGABYTE = 1024 * 1024;
const LIMIT = 512 * MEGABYTE;
const NOW = Date.now();
const SCHEMA = join(import.meta.dirname, '..', '..', 'schemas', 'prediction.avsc');
const canonical = JSON.stringify(avsc.Type.forSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')) as avsc.Schema).schema());

let serial = 0;
function good(): Poison {
  serial += 1;
  const event = { prediction_id: `good${serial}`, model: 'good', timestamp: NOW, features: { x: serial } };
  return { name: 'a neighbour', value: Buffer.from(JSON.stringify(event)), code: null };
}

/** Puts everything into a partition, a good event between any two; returns it by offset. */
async function pour(world: FaultWorld, partition: number): Promise<Poison[]> {
  const sent = [good(), ...poison(NOW, canonical).flatMap((one) => [one, good()])];
  await world.feeder.send(
    sent.map(({ value }) => value),
    { partition, args: LARGE },
  );
  for (const one of huge(NOW)) {
    await sendHuge(world, one, partition);
    const after = good();
    await world.feeder.send([after.value], { partition });
    sent.push(one, after);
  }
  return sent;
}

interface Letter {
  partition: number;
  offset: number;
  code: string;
  value_base64: string | null;
}

async function letters(world: FaultWorld): Promise<Letter[]> {
  const found = await Promise.all(
    world.all.map((partition) => readPartition(world.bootstrap, 'driftline.dead-letters', partition, 'beginning')),
  );
  return found.flat().map(({ value }) => JSON.parse(value!.toString()) as Letter);
}

test('row 23: poison of all kinds: dead letters exact, neighbours counted, memory capped', async () => {
  const world = await openFaultWorld({
    partitions: 2,
    chunkSize: 65_536,
    sessionTimeout: '10s',
    brokerOptions: LARGE_BROKER,
  });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  const sent = await Promise.all(world.all.map((partition) => pour(world, partition)));
  const total = sent.reduce((sum, { length }) => sum + length, 0);
  const reached = async (): Promise<number> => {
    const [row] = await world.sql<{ n: string }>(
      'SELECT sum(reach) AS n FROM (SELECT partition, max(reach) AS reach FROM manifest_rows GROUP BY partition)',
    );
    return Number(row?.n ?? 0);
  };
  await eventually('all read', async () => (await reached()) === total, 180_000).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${await reached()} of ${total}\n${member.output().slice(-3_000)}`);
  });

  const { peak } = member.rss();
  console.log(`peak of the aggregator: ${Math.round(peak / MEGABYTE)} MB`);
  const expected = sent.flatMap((values, partition) =>
    values.flatMap(({ name, code }, offset) => (code === null ? [] : [`${partition}/${offset} ${code} (${name})`])),
  );
  const nameOf = ({ partition, offset }: Letter) => sent[partition]![offset]!.name;
  const found = await letters(world);
  const actual = found.map((one) => `${one.partition}/${one.offset} ${one.code} (${nameOf(one)})`);
  assert.deepEqual([...new Set(actual)].sort(), expected.sort(), 'dead letters');
  for (const one of found) {
    if (one.value_base64 === null) continue;
    const value = Buffer.from(one.value_base64, 'base64');
    assert.ok(value.equals(sent[one.partition]![one.offset]!.value!.subarray(0, value.length)), nameOf(one));
  }

  const [counted] = await world.sql<{ good: number; odd: number }>(
    "SELECT toFloat64(sumIf(events, model = 'good')) AS good, toFloat64(sumIf(events, model = 'poison')) AS odd FROM operations",
  );
  const accepted = sent.flat().filter(({ code }) => code === null);
  const neighbours = accepted.filter(({ name }) => name === 'a neighbour').length;
  assert.deepEqual(counted, { good: neighbours, odd: accepted.length - neighbours });

  // A record beyond a megabyte is stopped by Kafka's client before it is an event: `event_bytes` is the embedded log's.
  for (const limit of ['text_length', 'map_entries', 'avro_items', 'record_bytes', 'inflated_bytes']) {
    assert.ok((await member.metric('driftline_limit_hits_total', { limit })) > 0, `the metric of ${limit}`);
  }
  assert.ok(member.running && peak < LIMIT, `the aggregator took ${peak / MEGABYTE} MB`);
});
