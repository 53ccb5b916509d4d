import type { AlertEvent } from '../core/alerts/types.ts';
import type { PredictionBlock } from '../core/events/block.ts';
import type { Decoded, Label, Prediction, Rejection } from '../core/events/types.ts';
import type { AnnouncementMessage } from '../core/messages/types.ts';

/** A record that could not be read, as published on `driftline.dead-letters`. */
export interface DeadLetter {
  code: string;
  path: string;
  message: string;
  topic: string;
  incarnation: string;
  partition: number;
  offset: number;
  timestamp: number;
  /** Original bytes. */
  key: Buffer | null;
  value: Buffer | null;
}

/**
 * Reads records into blocks, and keeps what it has learned of the events' form: one reader serves all who read the same
 * stream, whatever blocks they have.
 */
export interface PredictionReader {
  /**
   * Puts the record's events at the end of the block. 'full': the block has to be emptied first, and nothing happened. A
   * record that cannot be read leaves the block as it was.
   */
  read(value: Buffer, offset: number, arrival: number, block: PredictionBlock): 'read' | 'full' | Rejection;
}

/**
 * Bytes ↔ messages. Reading: the first bytes decide (0xC3 0x01 Avro single-object, 0x00 Confluent wire format, otherwise
 * JSON). Writing: JSON or Avro single-object, as configured. Implementation: adapters/avro, schemas from schemas/ or, for
 * Confluent's, from a schema registry: there `missingSchema` goes before reading an event.
 */
export interface Codec {
  /** The id of a schema that has to be asked for before the value can be read; null: it can be read now. */
  missingSchema(value: Buffer): number | null;
  /** Asks for a schema. Resolves when values of it can be read or refused; rejects while nobody can be asked. */
  askForSchema(id: number): Promise<void>;
  decodePrediction(value: Buffer): Decoded<Prediction>;
  /** `texts`: whether events that do not come as JSON are to be given as JSON too. */
  predictionReader(options: { texts: boolean }): PredictionReader;
  decodeLabel(value: Buffer): Decoded<Label>;
  encodeAnnouncement(message: AnnouncementMessage): Buffer;
  decodeAnnouncement(value: Buffer): AnnouncementMessage;
  encodeAlert(event: AlertEvent): Buffer;
  /** An unknown state of a newer writer decodes to `unknown`. Throws on bytes that are no alert event. */
  decodeAlert(value: Buffer): AlertEvent;
  encodeDeadLetter(letter: DeadLetter): Buffer;
}
