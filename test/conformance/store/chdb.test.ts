import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbStore } from '../../../lib/adapters/chdb/index.ts';
import { storeConformance } from './suite.ts';

storeConformance('chdb', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-store-'));
  const store = await openChdbStore({ dir, database: 'conformance' });
  return {
    store,
    stop: async () => {
      await store.close();
      await rm(dir, { recursive: true });
    },
  };
});
