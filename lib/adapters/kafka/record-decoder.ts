import { createRequire } from 'node:module';
import type { KafkaMessage } from 'kafkajs';
import { type AbortedTransaction, markAborted } from './aborted.ts';
import { blockOf } from './message-set.ts';
import { batchSize, openBatch, type RecordBlock } from './record-batch.ts';

/** What stands for all of a partition's part of an answer in kafkajs's hands, instead of a message for each record. */
export interface FetchedBlocks {
  /** Of the last record batch, its last: kafkajs's position moves past it once it is resolved. */
  offset: string;
  /** At least one. */
  blocks: readonly RecordBlock[];
}

/** A partition's part of an answer, as kafkajs keeps it. */
interface FetchedPartition {
  abortedTransactions: readonly AbortedTransaction[] | null;
  messages: unknown[];
}

interface FetchResponse {
  decode(bytes: Buffer): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
}

/** kafkajs's own reader of a fetch answer, as far as it is used here. */
interface FetchDecoder {
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

type DecodeMessages = (decoder: FetchDecoder) => Promise<unknown[]>;

const MAGIC_AT = 16;
const RECORD_BATCHES = 2;
const MODULE = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages';
/** Versions of the fetch protocol that know record batches and tell of aborted transactions. Some share their decoder. */
const VERSIONS = [4, 5, 6, 7, 8, 9, 10, 11];

let installed = false;

/**
 * Puts our reader of record batches in the place of kafkajs's, which throws away the whole answer, of all partitions, when
 * one batch in it cannot be read, and then asks for it again for ever, and which makes strings and BigInts of every offset.
 * Ours hands kafkajs one FetchedBlocks a partition; records are read when they are handed on (slices.ts). kafkajs is at its
 * last version, so that the places stay where they are; message sets from before Kafka 0.11 are read by kafkajs.
 */
export function installRecordDecoder(): void {
  if (installed) return;
  const require = createRequire(import.meta.url);
  const original: DecodeMessages = require(MODULE);
  const cached = require.cache[require.resolve(MODULE)];
  if (cached === undefined) throw new Error(`this version of kafkajs has no module ${MODULE}`);
  cached.exports = async (decoder: FetchDecoder): Promise<RecordBlock[]> => {
    const size = decoder.readInt32();
    if (size <= 0 || !decoder.canReadBytes(size)) return [];
    const bytes = decoder.readBytes(size);
    if (bytes[MAGIC_AT] === RECORD_BATCHES) return openBatches(bytes);
    return blockOf((await original(rewound(bytes))) as KafkaMessage[]);
  };
  installGathering();
  installed = true;
}

function installGathering(): void {
  const require = createRequire(import.meta.url);
  const seen = new Set<FetchResponse['decode']>();
  for (const version of VERSIONS) {
    const response: FetchResponse = require(`kafkajs/src/protocol/requests/fetch/v${version}/response`);
    const { decode } = response;
    if (seen.has(decode)) continue;
    response.decode = async (bytes) => {
      const answer = await decode(bytes);
      for (const { partitions } of answer.responses) for (const partition of partitions) gather(partition);
      return answer;
    };
    seen.add(response.decode);
  }
}

/** Leaves kafkajs one message, and no aborted transactions to look for. */
function gather(partition: FetchedPartition): void {
  const blocks = partition.messages as RecordBlock[];
  markAborted(blocks, partition.abortedTransactions ?? []);
  partition.abortedTransactions = [];
  const last = blocks.at(-1);
  const gathered: FetchedBlocks[] = last === undefined ? [] : [{ offset: String(last.lastOffset), blocks }];
  partition.messages = gathered;
}

/** All whole batches; an answer may end within one. */
function openBatches(bytes: Buffer): RecordBlock[] {
  const blocks: RecordBlock[] = [];
  for (let at = 0; ; ) {
    const size = batchSize(bytes, at);
    if (size === null) return blocks;
    blocks.push(openBatch(bytes.subarray(at, at + size)));
    at += size;
  }
}

/** The same bytes behind their length again, for kafkajs's own decoder. */
function rewound(bytes: Buffer): FetchDecoder {
  const require = createRequire(import.meta.url);
  const Decoder: new (bytes: Buffer) => FetchDecoder = require('kafkajs/src/protocol/decoder');
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return new Decoder(Buffer.concat([length, bytes]));
}
