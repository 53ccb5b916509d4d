/** Child process of threads.test.ts: prints how long (ms) an append to the embedded log takes beside slow queries. */
import { join } from 'node:path';
import { openChdbStore } from '../../../lib/adapters/chdb/index.ts';
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';

const dir = process.argv[2]!;
const store = await openChdbStore({ dir: join(dir, 'store'), database: 'd' });
const log = await createEmbeddedLog({ dir: join(dir, 'log'), partitions: 1 });
await log.ensureTopics([{ name: 'a', partitions: 1 }]);
const slow = 'SELECT sleepEachRow(1) FROM numbers(3) SETTINGS max_block_size = 1';
const queries = Array.from({ length: 4 }, () => store.query(slow));
const insert = store.command(`CREATE TABLE t ENGINE = Memory AS ${slow}`);
await new Promise((resolve) => setTimeout(resolve, 300));
const began = performance.now();
await log.append('a', [{ key: null, value: 'v' }]);
process.stdout.write(`${Math.round(performance.now() - began)}\n`);
await Promise.all([...queries, insert]);
await log.close();
await store.close();
