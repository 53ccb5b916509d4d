import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Kafka, logLevel, type Message } from 'kafkajs';
import { PREDICTIONS } from './support/feeder.ts';
import { Refused } from './support/recount.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The library takes arrivals up to this year for dates, and event times up to 9999. */
const YEAR_9999 = Date.UTC(9999, 11, 31);

/** Records with log timestamps and headers of any kind, by another way than kcat, which stamps them itself. */
async function produce(world: FaultWorld, messages: readonly Message[]): Promise<void> {
  const kafka = new Kafka({ brokers: [world.bootstrap], clientId: 'clocks', logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  for (const message of messages) await producer.send({ topic: PREDICTIONS, messages: [message] });
  await producer.disconnect();
}

let serial = 0;

function message(timestamp: unknown, partition: number, more: Partial<Message> = {}): Message {
  serial += 1;
  const event = { prediction_id: `t-${serial}`, model: 'alpha', timestamp, features: { x: serial } };
  return { partition, value: JSON.stringify(event), ...more };
}

/** Timestamps of the event itself: each counted, lost by reason, or refused. */
function eventTimes(now: number): unknown[] {
  return [
    now,
    now + 4 * 60_000,
    now + 6 * 60_000,
    now + 2 * DAY,
    now - HOUR,
    // Windows of an hour: late by a little less and a little more than the horizon of 7 days.
    Math.floor(now / HOUR) * HOUR - 7 * DAY + HOUR,
    Math.floor(now / HOUR) * HOUR - 7 * DAY - HOUR - 1,
    now - 400 * DAY,
    0,
    1,
    -1,
    -YEAR_9999,
    YEAR_9999,
    '9999-12-31T23:59:59.999Z',
    '1969-12-31T23:59:59Z',
    253402300800000,
    8.64e15,
    '1e3',
    'yesterday',
    true,
  ];
}

/** Only what must be refused as no time of an event; everything else the recount judges itself. */
function decode(value: Buffer): unknown {
  let event: { timestamp?: unknown };
  try {
    event = JSON.parse(value.toString()) as typeof event;
  } catch {
    throw new Refused('malformed_json');
  }
  const { timestamp } = event ?? {};
  if (typeof timestamp === 'boolean') throw new Refused('bad_timestamp');
  const at = typeof timestamp === 'string' ? Date.parse(timestamp) : timestamp;
  const isIso = typeof timestamp !== 'string' || /^\d{4}-\d\d-\d\dT/.test(timestamp);
  if (typeof at === 'number' && !(isIso && at >= 0 && at < Date.UTC(10_000, 0, 1))) throw new Refused('bad_timestamp');
  return event;
}

test('row 21: late, future, negative and year-9999 times, of events, log and headers: counted or refused by reason, exactly', async () => {
  const world = await openFaultWorld({
    partitions: 2,
    chunkSize: 64,
    seed: 121,
    oracle: { decode },
    brokerOptions: { properties: { 'log.message.timestamp.after.max.ms': '9223372036854775807' } },
  });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  const now = Date.now();
  await produce(
    world,
    eventTimes(now).map((time, i) => message(time, i % 2)),
  );
  // Log timestamps: a clock that is wrong by days, a stamp of the far future, none at all.
  const stamps = [now - 30 * DAY, now + 30 * DAY, 1, Date.UTC(2290, 0, 1), YEAR_9999];
  for (const stamp of stamps) {
    const times = [now, stamp, stamp - HOUR, stamp + HOUR].filter((time) => time > 0);
    await produce(
      world,
      times.map((time, i) => message(time, i % 2, { timestamp: String(stamp) })),
    );
  }
  // Arrivals in the header, good and bad: what is no time before 2299 does not count.
  for (const arrival of [
    '0',
    String(now - 400 * DAY),
    '-1',
    'soon',
    String(YEAR_9999),
    String(Date.UTC(2298, 0, 1)),
    '',
  ]) {
    const at = Number(arrival) > 0 ? Number(arrival) : now;
    const headers = { 'driftline-arrival': arrival };
    await produce(world, [
      message(at, 0, { headers }),
      message(at - HOUR, 1, { headers }),
      message(now, 0, { headers }),
    ]);
  }
  await world.feeder.feed(400, world.all);
  await world.verify();
  const reasons = [...world.oracle.losses.keys()].map((key) => key.split(' ')[1]);
  assert.deepEqual([...new Set(reasons)].sort(), ['beyond_horizon', 'future']);
  assert.ok([...world.oracle.letters.values()].filter(({ code }) => code === 'bad_timestamp').length >= 8);
  for (const { labels, value } of await member.metrics()) {
    if (labels.topic !== PREDICTIONS) continue;
    assert.ok(
      value < (Date.now() + 6 * 60_000) / 1000,
      `${JSON.stringify(labels)} ${value}: passed, or counted, too far`,
    );
  }
  // Killed and read again, the same.
  await member.restart();
  await world.feeder.feed(200, world.all);
  await world.verify();
});
