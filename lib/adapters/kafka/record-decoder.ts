import { createRequire } from 'node:module';
import { batchSize, type DecodedRecord, decodeBatch } from './record-batch.ts';

/** kafkajs's own reader of a fetch answer, as far as it is used here. */
interface FetchDecoder {
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

type DecodeMessages = (decoder: FetchDecoder) => Promise<unknown[]>;

/** What one partition's part of an answer may grow to before the rest is left to the next fetch; whole batches. */
const ENOUGH_BYTES = 4 * 1024 * 1024;
/** What a record takes beside its key and value. */
const RECORD_BYTES = 400;
const MAGIC_AT = 16;
const RECORD_BATCHES = 2;
const MODULE = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages';

let installed = false;

/**
 * Puts our reader of record batches in the place of kafkajs's, which throws away the whole answer, of all partitions, when
 * one batch in it cannot be read, and then asks for it again for ever. Ours marks the batch (`DecodedRecord.unreadable`),
 * which halts its partition by name. kafkajs is at its last version, so that the place stays where it is; message sets
 * from before Kafka 0.11 are left to kafkajs.
 */
export function installRecordDecoder(): void {
  if (installed) return;
  const require = createRequire(import.meta.url);
  const original: DecodeMessages = require(MODULE);
  const cached = require.cache[require.resolve(MODULE)];
  if (cached === undefined) throw new Error(`this version of kafkajs has no module ${MODULE}`);
  cached.exports = async (decoder: FetchDecoder) => {
    const size = decoder.readInt32();
    if (size <= 0 || !decoder.canReadBytes(size)) return [];
    const bytes = decoder.readBytes(size);
    if (bytes[MAGIC_AT] === RECORD_BATCHES) return decodeBatches(bytes);
    return original(rewound(bytes));
  };
  installed = true;
}

/** All whole batches, up to one that cannot be read or until there are enough. */
async function decodeBatches(bytes: Buffer): Promise<DecodedRecord[]> {
  const records: DecodedRecord[] = [];
  let weight = 0;
  for (let at = 0; weight < ENOUGH_BYTES; ) {
    const size = batchSize(bytes, at);
    if (size === null) return records;
    const decoded = await decodeBatch(bytes.subarray(at, at + size));
    for (const record of decoded) {
      records.push(record);
      weight += RECORD_BYTES + (record.value?.length ?? 0) + (record.key?.length ?? 0);
    }
    if (decoded[0]?.unreadable !== undefined) return records;
    at += size;
  }
  return records;
}

/** The same bytes behind their length again, for kafkajs's own decoder. */
function rewound(bytes: Buffer): FetchDecoder {
  const require = createRequire(import.meta.url);
  const Decoder: new (bytes: Buffer) => FetchDecoder = require('kafkajs/src/protocol/decoder');
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return new Decoder(Buffer.concat([length, bytes]));
}
