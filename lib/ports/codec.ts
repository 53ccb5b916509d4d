import type { AlertEvent } from '../core/alerts/types.ts';
import type { Decoded, Label, Prediction } from '../core/events/types.ts';
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
 * Bytes ↔ messages. Reading: the first bytes decide (0xC3 0x01 Avro single-object, otherwise JSON). Writing: JSON or Avro
 * single-object, as configured. Implementation: adapters/avro, schemas from schemas/.
 */
export interface Codec {
  decodePrediction(value: Buffer): Decoded<Prediction>;
  decodeLabel(value: Buffer): Decoded<Label>;
  encodeAnnouncement(message: AnnouncementMessage): Buffer;
  decodeAnnouncement(value: Buffer): AnnouncementMessage;
  encodeAlert(event: AlertEvent): Buffer;
  /** An unknown state of a newer writer decodes to `unknown`. Throws on bytes that are no alert event. */
  decodeAlert(value: Buffer): AlertEvent;
  encodeDeadLetter(letter: DeadLetter): Buffer;
}
