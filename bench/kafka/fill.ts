import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import avsc from 'avsc';
import { crc64Avro } from '../../lib/adapters/avro/fingerprint.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Log } from '../../lib/ports/log.ts';

const SCHEMA = join(import.meta.dirname, '..', '..', 'schemas', 'prediction.avsc');
const CALL_BYTES = 1024 * 1024;
const CALL_RECORDS = 2000;
/** Of today: a broker soon deletes records that say they are older than its retention. */
const start = Date.now() - 3_600_000;

interface Event {
  index: number;
  /** Of six significant digits. */
  features: number[];
}

/** One prediction by encoding: so many numeric features, a label and a score. */
export const ENCODINGS: Readonly<Record<string, () => (event: Event) => Buffer>> = {
  json: () => jsonEvent,
  avro: avroEncoder,
};

/** Fills the predictions topic, evenly over its partitions; events are one millisecond apart. Returns the bytes of an event. */
export async function fill(
  log: Log,
  { encoding, features, total, partitions }: { encoding: string; features: number; total: number; partitions: number },
): Promise<number> {
  const encode = ENCODINGS[encoding]?.();
  if (encode === undefined) throw new Error(`no such encoding: ${encoding}`);
  await log.ensureTopics(Object.values(TOPICS).map((name) => ({ name, partitions })));
  let bytes = 0;
  for (let sent = 0; sent < total; ) {
    const records = [];
    for (let size = 0; size < CALL_BYTES && records.length < CALL_RECORDS && sent < total; sent++) {
      const value = encode({ index: sent, features: Array.from({ length: features }, sixDigits) });
      records.push({ key: null, value, timestamp: start + sent, partition: sent % partitions });
      size += value.length;
      bytes += value.length;
    }
    await log.append(TOPICS.predictions, records);
  }
  return Math.round(bytes / total);
}

const sixDigits = () => Number((Math.random() * 100).toPrecision(6));

function jsonEvent({ index, features }: Event): Buffer {
  return Buffer.from(
    JSON.stringify({
      prediction_id: `p-${index}`,
      model: 'bench',
      version: '1',
      timestamp: start + index,
      features: Object.fromEntries(features.map((value, at) => [`feature_${at}`, value])),
      prediction: { label: index % 3 === 0 ? 'yes' : 'no', score: Math.random() },
    }),
  );
}

/** Avro single-object encoding of the shipped schema, by avsc. */
function avroEncoder(): (event: Event) => Buffer {
  const type = avsc.Type.forSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')) as avsc.Schema, { wrapUnions: 'always' });
  const header = Buffer.from([0xc3, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64LE(crc64Avro(JSON.stringify(type.schema())), 2);
  return ({ index, features }) => {
    const event = {
      prediction_id: `p-${index}`,
      model: 'bench',
      version: '1',
      timestamp: start + index,
      features: Object.fromEntries(features.map((double, at) => [`feature_${at}`, { double }])),
      prediction: {
        'driftline.Output': {
          label: { string: index % 3 === 0 ? 'yes' : 'no' },
          score: { double: Math.random() },
        },
      },
    };
    return Buffer.concat([header, type.toBuffer(event)]);
  };
}
