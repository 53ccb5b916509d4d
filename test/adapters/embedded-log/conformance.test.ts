import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';
import { logConformance } from '../../conformance/log/index.ts';

logConformance('embedded log', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-log-'));
  const log = await createEmbeddedLog({ dir, partitions: 1 });
  return {
    log,
    close: async () => {
      await log.close();
      await rm(dir, { recursive: true });
    },
  };
});
