/**
 * A chunk that cannot be read again is frozen: its rows up to an offset are copied under a spec id of their own, which then
 * binds it. The name holds both, and sorts before every hash: of one group generation's openings the least id binds.
 */
const FROZEN = /^-at-\d+-(.+)$/;

/** The id under which rows made by spec `id` stand as they were at offset `at`. */
export function frozenSpecId(id: string, at: number): string {
  return `-at-${at}-${baseSpecId(id)}`;
}

/** The spec by which rows under this id were made. */
export function baseSpecId(id: string): string {
  return FROZEN.exec(id)?.[1] ?? id;
}

export function isFrozen(id: string): boolean {
  return FROZEN.test(id);
}
