// Fetches the jars of Apache Kafka from Maven Central, once, into .cache/kafka of the checkout.
// Used by scripts/setup.mjs and by test/support/java.ts; also runs by itself.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '..', '..', '.cache');

/**
 * Makes sure that the jars are there and returns their class path. Throws an Error that names what is missing: Java 17
 * or newer, Maven, or the network.
 * @returns {Promise<{classPath: string, dir: string}>}
 */
export async function fetchKafka() {
  await requireJava();
  const pom = await readFile(join(here, 'pom.xml'), 'utf8');
  const dir = join(cache, 'kafka');
  if ((await readFile(join(dir, 'pom.xml'), 'utf8').catch(() => '')) !== pom) await download(dir, pom);
  return { classPath: join(dir, '*'), dir };
}

async function requireJava() {
  const { stderr } = await run('java', ['-version']).catch((error) => {
    throw new Error(`the test broker needs Java 17 or newer, and \`java -version\` fails: ${error.message}`);
  });
  const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (!(version >= 17)) throw new Error(`the test broker needs Java 17 or newer; this is ${stderr.split('\n')[0]}`);
}

/** Into a directory of its own first, so that an interrupted or concurrent fetch leaves nothing half done. */
async function download(dir, pom) {
  const partial = join(cache, `kafka.${process.pid}.partial`);
  await mkdir(partial, { recursive: true });
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const args = [
    '-q',
    '-B',
    '-f',
    join(here, 'pom.xml'),
    goal,
    `-DoutputDirectory=${partial}`,
    '-DincludeScope=runtime',
  ];
  await run('mvn', args, { maxBuffer: 1 << 24 }).catch(async (error) => {
    await rm(partial, { recursive: true });
    if (error.code === 'ENOENT') throw new Error('the test broker needs Maven (`mvn`) to fetch Apache Kafka once');
    throw new Error(`Maven could not fetch Apache Kafka: ${(error.stdout || error.message).slice(0, 2000)}`);
  });
  if (!(await readdir(partial)).some((name) => name.startsWith('kafka_2.13'))) {
    throw new Error(`Maven ran, but left no kafka_2.13 jar in ${partial}`);
  }
  await writeFile(join(partial, 'pom.xml'), pom);
  await rm(dir, { recursive: true, force: true });
  // Another process may have been quicker: then its copy is as good.
  await rename(partial, dir).catch(() => rm(partial, { recursive: true }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.error(`Kafka is in ${(await fetchKafka()).dir}`);
