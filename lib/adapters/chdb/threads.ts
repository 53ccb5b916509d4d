/**
 * Every running statement holds one of libuv's threads until it ends. Were all of them taken, whatever else needs one
 * (the embedded log's flush, files, name look-ups) would stand still for as long as the slowest statement takes. So
 * they are shared out: one for everybody else, one for the writer connection, then readers, then sessions.
 */
const OTHERS = 1;
const WRITER = 1;
const READERS = 4;

/** Most readers that a store may have. */
export function readerThreads(): number {
  return Math.max(1, Math.min(READERS, libuvThreads() - OTHERS - WRITER));
}

/** Statements of the engine's sessions that may run at once; with Node's four threads there is not really room for one. */
export function sessionThreads(): number {
  return Math.max(1, libuvThreads() - OTHERS - WRITER - READERS);
}

/** Read by libuv once, at its first use; 4 where the variable is not set. */
function libuvThreads(): number {
  const set = Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '', 10);
  return set > 0 ? set : 4;
}
