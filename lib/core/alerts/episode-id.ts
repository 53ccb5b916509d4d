import type { AlertIdentity } from './episode-types.ts';

/**
 * Episode id: a readable head and a hash of the identity and the first breached window's start (ms). It is computed once,
 * when the episode begins, and read back ever after. `previous` is the identity's last episode: late data can end an
 * episode and begin another in the same window, whose id then differs.
 */
export function episodeId(identity: AlertIdentity, since: number, previous: string | null): string {
  const { monitor, model, version, role, segment } = identity;
  const key = JSON.stringify([monitor, model, version, role, segment, since]);
  const id = `ep_${slug(monitor)}_${stamp(since)}_${hash(key)}`;
  return id === previous ? `ep_${slug(monitor)}_${stamp(since)}_${hash(`${key}${previous}`)}` : id;
}

/** Incident id (PagerDuty's dedup key, ≤ 255 characters): model, role, and the episode that opened it. */
export function incidentId(model: string, role: string, episode: string, since: number): string {
  return `inc_${slug(model)}_${slug(role)}_${stamp(since)}_${hash(JSON.stringify([model, role, episode]))}`;
}

/** At most 60 characters of a name that need no escaping in a URL or a log line. */
function slug(name: string): string {
  return name.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 60);
}

/** `20181105T000000Z` */
function stamp(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
}

/** FNV-1a, 64 bits, over UTF-16 code units: an identifier, not a secret. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    value = BigInt.asUintN(64, (value ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return value.toString(16).padStart(16, '0');
}
