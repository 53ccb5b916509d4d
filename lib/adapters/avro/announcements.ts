import type { AnnouncementMessage, ProgressMessage, WindowsMessage } from '../../core/messages/types.ts';
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
  if (m.kind === 'progress') return { kind: 'progress', ...origin, ...progressOf(m) };
  if (m.kind !== 'windows') throw new TypeError(`kind: ${JSON.stringify(m.kind)} is no announcement of this version`);
  return { kind: 'windows', ...origin, model: text(m, 'model'), windows: list(m, 'windows').map(announcedWindow) };
}

/** Earlier writers tell neither records from idleness nor replays. */
function progressOf(m: Record<string, unknown>): Pick<ProgressMessage, 'passed' | 'arrived' | 'replaying'> {
  const passed = number(m, 'passed');
  const arrived = m.arrived === undefined || m.arrived === null ? passed : number(m, 'arrived');
  return { passed, arrived, replaying: m.replaying === true };
}

/** The fields as the Avro schema has them: one record for both kinds. */
export function announcementRecord(message: AnnouncementMessage): Record<string, unknown> {
  return { passed: null, arrived: null, replaying: false, model: null, windows: [], ...message };
}

function announcedWindow(value: unknown): WindowsMessage['windows'][number] {
  const m = fields(value, 'window');
  return { version: text(m, 'version'), role: text(m, 'role'), start: number(m, 'start'), end: number(m, 'end') };
}
