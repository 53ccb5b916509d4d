export interface Measured<T> {
  result: T;
  /** Wall clock and CPU of all threads, ms. */
  ms: number;
  cpuMs: number;
}

export async function measured<T>(work: () => Promise<T> | T): Promise<Measured<T>> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, ms: performance.now() - started, cpuMs: (user + system) / 1_000 };
}

/** Fails unless the store, asked after the measurement, has what was to be made. */
export function expect(what: string, actual: unknown, expected: unknown): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
}
