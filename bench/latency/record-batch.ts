import { createRequire } from 'node:module';

const crc32C = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;

const HEAD = 61;
const CRC_AT = 17;
const CRC_FROM = 21;
const TIMES_AT = 27;

/** A Kafka record batch of values that hold their own time as 13 digits: made once, sent again and again under other times. */
export class TimedBatch {
  readonly bytes: Buffer;
  readonly #digits: number[] = [];

  /** `marker`: what stands in each value where its time belongs, as long as 13 digits. */
  constructor(values: readonly Buffer[], marker: string) {
    const records = values.map((value, index) => recordOf(value, index));
    this.bytes = Buffer.concat([headOf(values.length, records), ...records]);
    for (let at = this.bytes.indexOf(marker); at >= 0; at = this.bytes.indexOf(marker, at + 13)) this.#digits.push(at);
    if (this.#digits.length !== values.length)
      throw new Error(`${this.#digits.length} times in ${values.length} values`);
  }

  /** All records and their values as of `time`, ms. */
  at(time: number): Buffer {
    const { bytes } = this;
    const digits = Buffer.from(String(time), 'latin1');
    for (const at of this.#digits) digits.copy(bytes, at);
    bytes.writeBigInt64BE(BigInt(time), TIMES_AT);
    bytes.writeBigInt64BE(BigInt(time), TIMES_AT + 8);
    bytes.writeUInt32BE(crc32C(bytes.subarray(CRC_FROM)) >>> 0, CRC_AT);
    return bytes;
  }
}

function headOf(count: number, records: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(HEAD);
  const length = records.reduce((sum, record) => sum + record.length, HEAD);
  // Base offset 0, then what follows the length; no leader epoch; magic 2; no attributes.
  head.writeInt32BE(length - 12, 8);
  head.writeInt32BE(-1, 12);
  head.writeInt8(2, 16);
  head.writeInt32BE(count - 1, 23);
  // Neither producer id nor epoch nor sequence.
  head.fill(0xff, 43, 57);
  head.writeInt32BE(count, 57);
  return head;
}

/** No attributes, time 0 and no key; no headers. */
function recordOf(value: Buffer, index: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0, 0]),
    varint(index),
    varint(-1),
    varint(value.length),
    value,
    Buffer.from([0]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
