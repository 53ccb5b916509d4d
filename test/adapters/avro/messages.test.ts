import assert from 'node:assert/strict';
import { test } from 'node:test';
import avsc from 'avsc';
import { createCodec } from '../../../lib/adapters/avro/index.ts';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import type { AnnouncementMessage } from '../../../lib/core/messages/types.ts';
import { type Json, schemaOf } from './samples.ts';

const codec = createCodec({ encoding: 'avro' });

const alert: AlertEvent = {
  episode: 'e1',
  revision: 2,
  state: 'firing',
  monitor: 'mon',
  model: 'm',
  version: '1',
  role: 'champion',
  segment: 'region=MA',
  severity: 'error',
  since: 1540922400000,
  asOf: 1540922500000,
  incident: 'i1',
  members: [
    {
      feature: 'x',
      metric: 'psi',
      definition: 'psi/quantile10@1',
      score: 0.3,
      effect: 0.29,
      threshold: 0.1,
      pValue: null,
      since: 1,
      windowStart: 2,
      windowEnd: 3,
      baseline: '2018',
      nCurrent: 500,
      nBaseline: 1000,
      explanation: 'moved',
    },
  ],
  reason: 'first firing',
  advice: 'look',
};

const announcements: AnnouncementMessage[] = [
  { kind: 'progress', topic: 't', incarnation: 'i', partition: 1, reach: 10, passed: 5, arrived: -1, replaying: true },
  {
    kind: 'windows',
    topic: 't',
    incarnation: 'i',
    partition: 1,
    reach: 10,
    model: 'm',
    windows: [{ version: '1', role: 'champion', start: 0, end: 10 }],
  },
];

for (const encoding of ['json', 'avro'] as const) {
  test(`alerts and announcements come back as they went, by either codec: ${encoding}`, () => {
    const writer = createCodec({ encoding });
    for (const reader of [createCodec({ encoding: 'json' }), codec]) {
      assert.deepEqual(reader.decodeAlert(writer.encodeAlert(alert)), alert);
      for (const message of announcements) {
        assert.deepEqual(reader.decodeAnnouncement(writer.encodeAnnouncement(message)), message);
      }
    }
    assert.throws(() => writer.decodeAlert(Buffer.from('{"episode": 1}')), /episode: not a text/);
    assert.throws(() => writer.decodeAlert(Buffer.from('nonsense')), /malformed_json/);
  });
}

test('alerts in JSON have snake_case names; dead letters keep the bytes as base64', () => {
  const writer = createCodec({ encoding: 'json' });
  const json = JSON.parse(writer.encodeAlert(alert).toString()) as Json;
  assert.deepEqual(Object.keys(json).sort(), [
    'advice',
    'as_of',
    'episode',
    'incident',
    'members',
    'model',
    'monitor',
    'reason',
    'revision',
    'role',
    'segment',
    'severity',
    'since',
    'state',
    'version',
  ]);
  const letter = {
    code: 'empty',
    path: '',
    message: '',
    topic: 't',
    incarnation: 'i',
    partition: 0,
    offset: 3,
    timestamp: 4,
    key: null,
    value: Buffer.from([0xff]),
  };
  assert.equal((JSON.parse(writer.encodeDeadLetter(letter).toString()) as Json).value_base64, '/w==');
  const type = avsc.Type.forSchema(schemaOf('dead-letter.avsc') as avsc.Schema);
  assert.deepEqual((type.fromBuffer(codec.encodeDeadLetter(letter).subarray(10)) as typeof letter).value, letter.value);
});
