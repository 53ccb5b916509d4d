/** Child process of durability.test.ts: appends as fast as it can and prints what was acknowledged, a line at a time. */
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';

const [dir, mode] = process.argv.slice(2);
const log = await createEmbeddedLog({ dir: dir!, partitions: 2 });
await log.ensureTopics([{ name: 'kept', partitions: 2 }]);
process.stdout.write('open\n');

async function caller(name: number): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    const records = Array.from({ length: 5 }, (_, index) => ({ key: `${name}`, value: `${name}-${turn}-${index}` }));
    await log.append('kept', records);
    process.stdout.write(`${name}-${turn}\n`);
  }
}

if (mode === 'append') await Promise.all(Array.from({ length: 16 }, (_, index) => caller(index)));
setInterval(() => {}, 1000);
