import type { FieldLayout } from '../../core/avro/event-layout.ts';
import { recordLayout } from '../../core/avro/record-layout.ts';
import { parsePrediction } from '../../core/events/parse-prediction.ts';
import { mappedEvent, type RecordMapping } from '../../core/events/record-mapping.ts';
import type { Decoded, Prediction } from '../../core/events/types.ts';
import { attempt, refuse } from './rejections.ts';
import { createReader, type Writer } from './writer.ts';

/** A producer's own record that the configuration says how to read. */
export interface MappedRecord {
  readonly mapping: RecordMapping;
  /** Why it cannot be read at all, or null. */
  readonly problem: string | null;
  readonly features: readonly string[];
  /** null: only the library can read it. */
  readonly layout: readonly FieldLayout[] | null;
  /** By the library. */
  decode(value: Buffer, start: number): Decoded<Prediction>;
}

export function mappedRecord(writer: Writer, mapping: RecordMapping): MappedRecord {
  const found = recordLayout(writer.schema, mapping);
  if (typeof found === 'string') {
    return { mapping, problem: found, features: [], layout: null, decode: () => refuse('unknown_schema', found) };
  }
  const { features, layout } = found;
  const reader = createReader(writer.schema);
  const decode = (value: Buffer, start: number): Decoded<Prediction> => {
    const plain = attempt(() => writer.decode(reader, value, start) as Readonly<Record<string, unknown>>);
    return plain.ok ? parsePrediction(mappedEvent(plain.value, mapping, features)) : plain;
  };
  return { mapping, problem: null, features, layout, decode };
}
