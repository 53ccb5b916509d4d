/** The ClickHouse engine in a process of its own, on one thread: runs its parent's statements and answers with what they took. */
import { openChdbEngine } from '../../lib/adapters/chdb/index.ts';
import type { EngineSession } from '../../lib/ports/engine.ts';

/** The last statement's result as JSON rows, ms of wall clock, and µs of CPU of all threads: merges behind inserts too. */
export interface Answer {
  rows: unknown[];
  ms: number;
  cpu: number;
}

const SETTINGS = {
  max_threads: 1,
  max_insert_threads: 1,
  input_format_parallel_parsing: 0,
  output_format_json_quote_64bit_integers: 0,
};

async function answer(session: EngineSession, statements: readonly string[]): Promise<Answer> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  let bytes: Uint8Array = new Uint8Array();
  for (const sql of statements) bytes = (await session.run(sql, 'JSONEachRow')).bytes;
  const { user, system } = process.cpuUsage(before);
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  const rows = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
  return { rows, ms: performance.now() - began, cpu: user + system };
}

const engine = await openChdbEngine(process.argv[2]!);
const session = engine.session();
await session.run(
  `CREATE DATABASE bench; USE bench; SET ${Object.entries(SETTINGS)
    .map((one) => one.join(' = '))
    .join(', ')}`,
);
process.on('message', (statements: string[]) => {
  answer(session, statements).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => {
  session.close();
  void engine.close();
});
process.send?.('ready');
