import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbEngine } from '../../../lib/adapters/chdb/index.ts';
import { createClickHouseStore } from '../../../lib/adapters/clickhouse/index.ts';
import { createSqlServer } from '../../../services/sql/index.ts';
import { storeConformance } from './suite.ts';

storeConformance('clickhouse over HTTP', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-store-'));
  const engine = await openChdbEngine(dir);
  const server = createSqlServer({ engine, host: '127.0.0.1', port: 0, writable: true, database: 'other' });
  await server.start();
  const store = createClickHouseStore({ url: server.url, database: 'conformance', username: 'default', password: '' });
  return {
    store,
    stop: async () => {
      await store.close();
      await server.stop();
      await engine.close();
      await rm(dir, { recursive: true });
    },
  };
});
