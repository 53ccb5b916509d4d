/**
 * Caps of one open chunk, and so of one partition's memory. They are part of what a row is made from: changing one is a new
 * layout (see lib/registry). Names, values and what happens past each of them are in docs/limits.md.
 */
export const CHUNK_LIMITS = {
  /** Models nobody declared; the rest are counted together as `__other__`. */
  models: 1_000,
  /** (version, role) pairs of a model; the rest are counted together as `__other__`. */
  variants: 200,
  /** (version, role) pairs of all models nobody declared; the rest are counted as `__other__` of their model. */
  undeclaredVariants: 5_000,
  /** Columns of a window; values of the rest are counted together as the feature `__other__`. */
  columns: 1_000,
  /** Values of one segment name in a window; the rest are `NAME=__other__`. */
  segmentValues: 200,
  /** Categories of a column; the rest are its `other`. */
  categories: 1_000,
  /** Longest category or segment value kept by name, UTF-16 code units; longer ones are `other`. */
  categoryLength: 256,
  /** Numbers gathered before they are folded into a sketch: by count, never by a flush. */
  foldAt: 8_192,
  /** Live windows; past it the window touched longest ago leaves memory. */
  liveWindows: 2_000,
  /** Estimated bytes of live windows; past it the window touched longest ago leaves memory. */
  liveBytes: 40 * 1024 * 1024,
} as const;

export type ChunkCaps = Readonly<Record<keyof typeof CHUNK_LIMITS, number>>;

/** What of the caps can be hit: `foldAt` is a rhythm, not a limit. */
export type ChunkLimit = Exclude<keyof typeof CHUNK_LIMITS, 'foldAt'>;

/** The name that stands for everything past a cap. */
export const OTHER = '__other__';

/** Events beyond this moment cannot be dated by the store (DateTime64 ends with 2299), whatever their arrival says. */
export const LAST_DATABLE = Date.UTC(2299, 0, 1);
