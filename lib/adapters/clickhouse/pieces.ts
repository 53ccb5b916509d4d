/** Pieces of a body as they are sent. */
export interface Pieces {
  isEmpty: boolean;
  /** All of them, once. */
  all(): Generator<Uint8Array>;
  /** What the sending failed by: their maker's own error, where that was it, or `error`. */
  cause(error: unknown): unknown;
}

/** Makes the first piece, no more: making pieces twice to see whether there are any could cost as much as sending them. */
export function openPieces(pieces: Iterable<Uint8Array>): Pieces {
  const iterator = pieces[Symbol.iterator]();
  let failure: { error: unknown } | null = null;
  const next = (): IteratorResult<Uint8Array> => {
    try {
      return iterator.next();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  const first = next();
  return {
    isEmpty: first.done === true,
    *all() {
      for (let item = first; item.done !== true; item = next()) yield item.value;
    },
    cause: (error) => (failure === null ? error : failure.error),
  };
}
