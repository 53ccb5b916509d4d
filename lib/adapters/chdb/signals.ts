/**
 * When it first connects, libchdb takes over the signals that mean a crash. Its handler parks the thread that crashed for
 * ever: every further statement is refused (236), or, where it was the thread that runs JavaScript, nothing runs at all;
 * even an exit then waits for ever. These signals get their default back, so that a crash ends the process at once: whoever
 * supervises it starts another, and nothing is lost. The binding has no call for it, but libuv gives a signal its default
 * back when the last listener goes.
 */
const TAKEN = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS'] as const;

/** To be called once libchdb has connected. A signal that this process listens to itself stays as it is. */
export function restoreSignals(): void {
  const listener = (): void => {};
  for (const signal of TAKEN) {
    if (process.listenerCount(signal) > 0) continue;
    process.on(signal, listener);
    process.off(signal, listener);
  }
}
