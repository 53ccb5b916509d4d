import { isUtf8 } from 'node:buffer';
import { appendPrediction } from '../../core/events/append.ts';
import { JsonReader } from '../../core/events/json-reader.ts';
import { LIMITS } from '../../core/events/limits.ts';
import { ShapeCatalog } from '../../core/events/shape.ts';
import { predictionToText } from '../../core/events/to-json.ts';
import type { Decoded, Prediction } from '../../core/events/types.ts';
import type { PredictionReader } from '../../ports/codec.ts';

type Decode = (value: Buffer) => Decoded<Prediction>;

/** Reads records of a form seen before straight into columns, and all others by `decode`, from which it learns their form. */
export function createPredictionReader(decode: Decode, texts: boolean): PredictionReader {
  const shapes = new ShapeCatalog();
  const json = new JsonReader(shapes, isUtf8);
  return {
    read: (value, offset, arrival, block) => {
      const isText = isJson(value);
      const known = isText && value.length <= LIMITS.eventBytes ? json.read(value, offset, arrival, block) : null;
      if (known !== null) return known;
      const decoded = decode(value);
      if (!decoded.ok) return decoded.rejection;
      const text = isText || !texts ? null : predictionToText(decoded.value);
      const origin = { offset, arrival, source: isText ? value : null, text };
      if (!appendPrediction(block, shapes, decoded.value, origin)) return 'full';
      if (isText) json.learn(value, decoded.value);
      return 'read';
    },
  };
}

/** As the codec decides it: by the first byte. */
function isJson(value: Uint8Array): boolean {
  return value[0] !== 0xc3 && value[0] !== 0x00;
}
