import type { AlertIdentity } from './episode-types.ts';

/**
 * Episode id: a readable head (the first breached window's start, ms) and a hash of the identity and of the end of the
 * window in which the episode is opened (`asOf`, ms): an identity opens at most one in a window, so late data that ends one
 * and begins another never reuses an id. Computed once, when the episode begins, and read back ever after.
 */
export function episodeId(identity: AlertIdentity, since: number, asOf: number): string {
  const { monitor, model, version, role, segment } = identity;
  return `ep_${slug(monitor)}_${stamp(since)}_${hash(JSON.stringify([monitor, model, version, role, segment, since, asOf]))}`;
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
