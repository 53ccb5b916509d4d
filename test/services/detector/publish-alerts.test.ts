import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import type { AlertEvent, AlertMember } from '../../../lib/core/alerts/types.ts';
import { RecordTooLargeError } from '../../../lib/ports/log.ts';
import { publishAlerts } from '../../../services/detector/publish-alerts.ts';
import { limitedLog } from '../../support/limited-log.ts';

const codec = createCodec({ encoding: 'json' });

function member(index: number): AlertMember {
  return {
    feature: `f${index}`,
    metric: 'psi',
    definition: 'psi/quantile10@1',
    score: 1,
    // The strongest are in the middle.
    effect: 100 - Math.abs(500 - index),
    threshold: 0.1,
    pValue: 0,
    since: 0,
    windowStart: 0,
    windowEnd: 60_000,
    baseline: 'ref',
    nCurrent: 100,
    nBaseline: 100,
    explanation: `f${index}: PSI 1.00 (threshold 0.1)`,
  };
}

function event(episode: string, members: number): AlertEvent {
  return {
    episode,
    revision: 2,
    state: 'firing',
    monitor: 'drift',
    model: 'm',
    version: '1',
    role: 'champion',
    segment: '',
    severity: 'error',
    since: 0,
    asOf: 60_000,
    incident: 'inc',
    members: Array.from({ length: members }, (_, index) => member(index)),
    reason: 'breached for 2 windows',
    advice: 'Look: many',
  };
}

test('an alert of more members than one record holds is published with its strongest, in their order, and says so', async () => {
  const { log, taken } = limitedLog(100_000);
  const [small, large] = [event('small', 2), event('large', 1000)];
  const said = await publishAlerts(log, codec, [large, small]);
  const published = taken.map(({ value }) => codec.decodeAlert(Buffer.from(value as Buffer)));
  assert.deepEqual(published[0], small);
  const { members, reason, ...rest } = published[1]!;
  const { members: all, reason: why, ...whole } = large;
  assert.deepEqual(rest, whole);
  assert.equal(members.length, 250);
  assert.equal(reason, `${why} (shown: the 250 strongest of 1000 members)`);
  const names = new Set(members.map(({ feature }) => feature));
  for (let index = 376; index <= 624; index += 1) assert.ok(names.has(`f${index}`), `f${index}`);
  assert.deepEqual(
    members,
    all.filter(({ feature }) => names.has(feature)),
  );
  assert.deepEqual(
    taken.map(({ key }) => key),
    ['m', 'm'],
  );
  assert.equal(said.length, 1);
  assert.match(
    said[0]!,
    /^alert large, revision 2: .* of 1000 members; published with the 250 strongest: raise max\.mess/,
  );
});

test('a topic that takes no alert at all refuses by name', async () => {
  await assert.rejects(publishAlerts(limitedLog(50).log, codec, [event('e', 3)]), RecordTooLargeError);
});
