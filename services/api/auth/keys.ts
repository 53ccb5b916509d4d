import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { DriftlineError, describeError } from '../../../lib/runtime/errors.ts';

export const ROLES = ['produce', 'read', 'operate', 'approve', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface IngestKey {
  id: string;
  /** SHA-256 of the secret. */
  digest: Buffer;
  roles: ReadonlySet<Role>;
}

/** A dummy that unknown ids are compared with, so that they take as long as known ones. */
const NOBODY = Buffer.alloc(32);

/**
 * Reads lines `id sha256hex role,role` (# starts a comment). All bad lines are reported at once, without their secrets.
 */
export function parseKeys(text: string, file: string): Map<string, IngestKey> {
  const keys = new Map<string, IngestKey>();
  const errors: string[] = [];
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const parsed = parseLine(line);
    if (typeof parsed === 'string') errors.push(`${file}:${i + 1}: ${parsed}`);
    else if (keys.has(parsed.id)) errors.push(`${file}:${i + 1}: id "${parsed.id}" occurs twice`);
    else keys.set(parsed.id, parsed);
  }
  if (errors.length > 0) throw invalid(errors.join('\n'));
  return keys;
}

function parseLine(line: string): IngestKey | string {
  const [id, hex, roles, ...rest] = line.split(/\s+/);
  if (!id || !hex || !roles || rest.length > 0) return 'expected three fields: id sha256hex role,role';
  if (id.includes('.')) return 'an id contains no dot';
  if (!/^[0-9a-fA-F]{64}$/.test(hex)) return 'the second field is the SHA-256 of the secret, 64 hex digits';
  const names = roles.split(',');
  const unknown = names.filter((name) => !ROLES.some((role) => role === name));
  if (unknown.length > 0) return `unknown role ${unknown.join(', ')}; roles are ${ROLES.join(', ')}`;
  return { id, digest: Buffer.from(hex, 'hex'), roles: new Set(ROLES.filter((role) => names.includes(role))) };
}

export async function readKeys(file: string): Promise<Map<string, IngestKey>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw invalid(`${file}: ${describeError(error)}`);
  }
  return parseKeys(text, file);
}

function invalid(problems: string): DriftlineError {
  return new DriftlineError('config_invalid', `ingest_keys_file cannot be read: ${problems}`);
}

/** The key that `Authorization: Bearer id.secret` proves, or null. Compares digests in constant time. */
export function authenticate(
  keys: ReadonlyMap<string, IngestKey>,
  authorization: string | undefined,
): IngestKey | null {
  const token = /^Bearer ([^\s.]+)\.(\S+)$/i.exec(authorization ?? '');
  if (!token) return null;
  const key = keys.get(token[1]!);
  const digest = createHash('sha256').update(token[2]!).digest();
  return timingSafeEqual(digest, key?.digest ?? NOBODY) && key ? key : null;
}

/** `admin` may do everything; the other roles are separate. */
export function mayAct(key: IngestKey, role: Role): boolean {
  return key.roles.has(role) || key.roles.has('admin');
}
