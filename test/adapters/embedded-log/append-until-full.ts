/** Child process of disk-full.test.ts: appends until the file size limit of its shell is met, and reports as JSON. */
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';

const log = await createEmbeddedLog({ dir: process.argv[2]!, partitions: 1 });
await log.ensureTopics([{ name: 'full', partitions: 1 }]);
let acknowledged = 0;
let failure: { name: string; message: string } | null = null;
while (failure === null) {
  try {
    await log.append('full', [{ key: null, value: Buffer.alloc(50_000, acknowledged % 256) }]);
    acknowledged += 1;
  } catch (error) {
    failure = { name: (error as Error).name, message: (error as Error).message };
  }
}
const [offsets] = await log.offsets('full');
console.log(JSON.stringify({ acknowledged, failure, offsets }));
