import { appendPrediction } from '../../core/events/append.ts';
import { ShapeCatalog } from '../../core/events/shape.ts';
import { predictionToText } from '../../core/events/to-json.ts';
import type { Decoded, Prediction } from '../../core/events/types.ts';
import type { PredictionReader } from '../../ports/codec.ts';

type Decode = (value: Buffer) => Decoded<Prediction>;

/** Reads each record by `decode`. */
export function createPredictionReader(decode: Decode, texts: boolean): PredictionReader {
  const shapes = new ShapeCatalog();
  return {
    read: (value, offset, arrival, block) => {
      const decoded = decode(value);
      if (!decoded.ok) return decoded.rejection;
      const json = isJson(value);
      const text = json || !texts ? null : predictionToText(decoded.value);
      const origin = { offset, arrival, source: json ? value : null, text };
      return appendPrediction(block, shapes, decoded.value, origin) ? 'read' : 'full';
    },
  };
}

/** As the codec decides it: by the first byte. */
export function isJson(value: Uint8Array): boolean {
  return value[0] !== 0xc3 && value[0] !== 0x00;
}
