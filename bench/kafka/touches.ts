import { createCodec } from '../../lib/adapters/avro/index.ts';
import { OpenChunk } from '../../lib/core/chunks/chunk.ts';
import type { AggregationSpec } from '../../lib/core/chunks/spec.ts';
import { PredictionBlock } from '../../lib/core/events/block.ts';
import { LAYOUT } from '../../lib/registry/spec.ts';

/** What a reader does with each value, and then with what it has kept. */
export interface Touch {
  value(value: Buffer): void;
  end(): void;
}

const CHUNK = 65_536;
const DAY = 86_400_000;
/** Of the shipped defaults: nobody declared the model. */
const SPEC: AggregationSpec = {
  layout: LAYOUT,
  chunkSize: CHUNK,
  allowedDelayMs: 0,
  horizonMs: 7 * DAY,
  futureSkewMs: 300_000,
  models: [],
  defaults: { window: { lengthMs: DAY, timezone: 'UTC' } },
};

/** `decode`: the aggregator's decoder into its columns. `sketch`: and its chunks, whose rows are made as for the store. */
export const TOUCHES = {
  nothing: (): Touch => ({ value: () => {}, end: () => {} }),
  parse: (): Touch => ({ value: (value) => void JSON.parse(value.toString('utf8')), end: () => {} }),
  decode: (): Touch =>
    decoding(
      () => {},
      () => {},
    ),
  sketch: (): Touch => {
    let chunk = newChunk();
    let events = 0;
    const finish = () => {
      if (events > 0) chunk.changes();
      chunk = newChunk();
      events = 0;
    };
    return decoding((block) => {
      chunk.add(block);
      events += block.length;
      if (events >= CHUNK) finish();
    }, finish);
  },
};

function decoding(take: (block: PredictionBlock) => void, end: () => void): Touch {
  const reader = createCodec({ encoding: 'json' }).predictionReader({ texts: false });
  const block = new PredictionBlock();
  let offset = 0;
  const empty = () => {
    take(block);
    block.clear();
  };
  return {
    value: (value) => {
      const now = Date.now();
      let outcome = reader.read(value, offset, now, block);
      if (outcome === 'full') {
        empty();
        outcome = reader.read(value, offset, now, block);
      }
      if (outcome !== 'read') throw new Error(`an event was not read: ${JSON.stringify(outcome)}`);
      offset += 1;
    },
    end: () => {
      empty();
      end();
    },
  };
}

function newChunk(): OpenChunk {
  return new OpenChunk(SPEC, { topic: 'bench', incarnation: 'bench', partition: 0, chunkStart: 0 });
}
