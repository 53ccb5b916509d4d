// Runs the tests: `node scripts/test.mjs [unit] [PATH…]`. `unit` leaves out what needs the Kafka broker or a browser; paths
// narrow it down. Of the fault suite (npm run test:faults) only `*.short.test.ts` belong to it. One Kafka broker is shared.
import { listTests, runTests } from './test-files.mjs';

const args = process.argv.slice(2);
const unit = args.includes('unit');
const files = listTests(
  args.filter((arg) => arg !== 'unit'),
  (name) => isShort(name) && !(unit && /^test\/(kafka|browser|faults)\//.test(name)),
);
const broker = files.some((name) => name.startsWith('test/kafka/')) ? await startBroker() : null;
try {
  process.exitCode = await runTests(files, broker === null ? {} : { DRIFTLINE_TEST_KAFKA: broker.bootstrap });
} finally {
  await broker?.stop();
}

function isShort(name) {
  return !name.startsWith('test/faults/') || name.endsWith('.short.test.ts');
}

async function startBroker() {
  const { register } = await import('tsx/esm/api');
  register();
  const { startKafkaBroker } = await import('../test/support/kafka-broker.ts');
  return startKafkaBroker();
}
