import type { AnnouncementMessage, WindowsMessage } from '../../core/messages/types.ts';
import { fields, list, number, text } from './fields.ts';

/** Reads an announcement. Throws TypeError on anything else. */
export function announcement(message: unknown): AnnouncementMessage {
  const m = fields(message, 'announcement');
  const origin = {
    topic: text(m, 'topic'),
    incarnation: text(m, 'incarnation'),
    partition: number(m, 'partition'),
    reach: number(m, 'reach'),
  };
  if (m.kind === 'progress') return { kind: 'progress', ...origin, passed: number(m, 'passed') };
  if (m.kind !== 'windows') throw new TypeError(`kind: ${JSON.stringify(m.kind)} is no announcement of this version`);
  return { kind: 'windows', ...origin, model: text(m, 'model'), windows: list(m, 'windows').map(announcedWindow) };
}

/** The fields as the Avro schema has them: one record for both kinds. */
export function announcementRecord(message: AnnouncementMessage): Record<string, unknown> {
  return { passed: null, model: null, windows: [], ...message };
}

function announcedWindow(value: unknown): WindowsMessage['windows'][number] {
  const m = fields(value, 'window');
  return { version: text(m, 'version'), role: text(m, 'role'), start: number(m, 'start'), end: number(m, 'end') };
}
