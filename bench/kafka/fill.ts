import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import avsc from 'avsc';
import { crc64Avro } from '../../lib/adapters/avro/fingerprint.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Log } from '../../lib/ports/log.ts';

const SCHEMAS = join(import.meta.dirname, '..', '..', 'schemas');
const CALL_BYTES = 1024 * 1024;
const CALL_RECORDS = 2000;
/** Of today: a broker soon deletes records that say they are older than its retention. */
const start = Date.now() - 3_600_000;

export interface Event {
  index: number;
  /** ms since 1970. */
  time: number;
  /** Of six significant digits. */
  features: number[];
  segments?: Readonly<Record<string, string>>;
}

interface Encoding {
  /** Predictions in one record. */
  perRecord: number;
  encoder(): (events: readonly Event[]) => Buffer;
}

/** Predictions by encoding: so many numeric features, a label and a score. */
const ENCODINGS: Readonly<Record<string, Encoding>> = {
  json: { perRecord: 1, encoder: () => jsonEvent },
  avro: { perRecord: 1, encoder: avroEncoder },
  columnar: { perRecord: 200, encoder: columnarEncoder },
};

/** What was put into a topic. */
export interface Filled {
  records: number;
  perRecord: number;
  /** Of one prediction. */
  bytes: number;
}

/** Fills the predictions topic with `total` predictions or a few less, evenly over its partitions, one millisecond apart. */
export async function fill(
  log: Log,
  { encoding, features, total, partitions }: { encoding: string; features: number; total: number; partitions: number },
): Promise<Filled> {
  const chosen = ENCODINGS[encoding];
  if (chosen === undefined) throw new Error(`no such encoding: ${encoding}`);
  const { perRecord } = chosen;
  const encode = chosen.encoder();
  await log.ensureTopics(Object.values(TOPICS).map((name) => ({ name, partitions })));
  const count = Math.floor(total / perRecord);
  let bytes = 0;
  for (let sent = 0; sent < count; ) {
    const records = [];
    for (let size = 0; size < CALL_BYTES && records.length < CALL_RECORDS && sent < count; sent++) {
      const value = encode(Array.from({ length: perRecord }, (_, i) => newEvent(sent * perRecord + i, features)));
      records.push({ key: null, value, timestamp: start + sent * perRecord, partition: sent % partitions });
      size += value.length;
      bytes += value.length;
    }
    await log.append(TOPICS.predictions, records);
  }
  return { records: count, perRecord, bytes: Math.round(bytes / count / perRecord) };
}

const sixDigits = () => Number((Math.random() * 100).toPrecision(6));

/** The event of this number; by itself a millisecond after the one before, of today. */
export function newEvent(index: number, features: number, time = start + index): Event {
  return { index, time, features: Array.from({ length: features }, sixDigits) };
}

/** As a producer of JSON sends it. */
export function jsonEvent([event]: readonly Event[]): Buffer {
  const { index, time, features, segments } = event!;
  return Buffer.from(
    JSON.stringify({
      prediction_id: `p-${index}`,
      model: 'bench',
      version: '1',
      timestamp: time,
      features: Object.fromEntries(features.map((value, at) => [`feature_${at}`, value])),
      prediction: { label: index % 3 === 0 ? 'yes' : 'no', score: Math.random() },
      segments,
    }),
  );
}

/** Avro single-object encoding of a shipped schema, by avsc. */
function singleObject(file: string): (value: unknown) => Buffer {
  const schema = JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as avsc.Schema;
  const type = avsc.Type.forSchema(schema, { wrapUnions: 'always' });
  const header = Buffer.from([0xc3, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64LE(crc64Avro(JSON.stringify(type.schema())), 2);
  return (value) => Buffer.concat([header, type.toBuffer(value)]);
}

function avroEncoder(): (events: readonly Event[]) => Buffer {
  const encode = singleObject('prediction.avsc');
  return ([event]) => {
    const { index, time, features } = event!;
    return encode({
      prediction_id: `p-${index}`,
      model: 'bench',
      version: '1',
      timestamp: time,
      features: Object.fromEntries(features.map((double, at) => [`feature_${at}`, { double }])),
      prediction: {
        'driftline.Output': {
          label: { string: index % 3 === 0 ? 'yes' : 'no' },
          score: { double: Math.random() },
        },
      },
    });
  };
}

function columnarEncoder(): (events: readonly Event[]) => Buffer {
  const encode = singleObject('prediction-batch.avsc');
  const bytesOf = (items: BigInt64Array | Float64Array) => Buffer.from(items.buffer);
  return (events) => {
    const numeric = (name: string, values: readonly number[]) => ({
      name,
      kind: 'numeric',
      values: bytesOf(Float64Array.from(values)),
      dictionary: [],
      missing: Buffer.alloc(0),
    });
    return encode({
      model: 'bench',
      version: '1',
      role: 'champion',
      prediction_ids: events.map(({ index }) => `p-${index}`),
      timestamps: bytesOf(BigInt64Array.from(events, ({ time }) => BigInt(time))),
      columns: [
        ...events[0]!.features.map((_, at) =>
          numeric(
            `feature_${at}`,
            events.map(({ features }) => features[at]!),
          ),
        ),
        numeric(
          'prediction.score',
          events.map(() => Math.random()),
        ),
      ],
    });
  };
}
