// Makes a checkout ready: `node scripts/setup.mjs [--production]`. Checks Node, installs npm packages where they are
// missing or not those of package-lock.json, and, unless --production, fetches what the tests need beside them. What
// cannot be had is named with the tests that are left out; with CI=true it is an error. No dependencies: it runs first.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cache, missingFile, NEEDS, python, root } from './needs.mjs';

const MIN_NODE = [20, 19, 4];
const production = process.argv.includes('--production');
const strict = process.env.CI === 'true';
const missing = new Map();
/** Clients of another make, to test what Driftline reads and serves: by import name, pinned. */
const PYTHON_PACKAGES = {
  clickhouse_connect: 'clickhouse-connect==0.8.18',
  fastavro: 'fastavro==1.12.1',
  'confluent_kafka.schema_registry.avro': 'confluent-kafka[avro]==2.12.2',
};

checkNode();
installPackages();
if (!production) {
  mkdirSync(cache, { recursive: true });
  installSystemPackages();
  await fetchBroker();
  installPythonPackages();
  reportMissing();
}

function checkNode() {
  const version = process.versions.node.split('.').map(Number);
  const difference = version.map((part, index) => part - MIN_NODE[index]).find((part) => part !== 0) ?? 0;
  if (difference < 0) fail(`Driftline needs Node ${MIN_NODE.join('.')} or newer; this is ${process.versions.node}`);
}

function installPackages() {
  const wrong = firstWrongPackage();
  if (wrong === null) return;
  console.error(`setup: installing npm packages (${wrong})`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', ...(production ? ['--omit=dev'] : [])], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) fail('npm ci failed: see above');
}

/** Compares what npm installed with the lock file: times of files say nothing after a clone or a copy. */
function firstWrongPackage() {
  const installedFile = `${root}node_modules/.package-lock.json`;
  if (!existsSync(installedFile)) return 'node_modules is missing';
  const wanted = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.optional || entry.peer || entry.devOptional || (production && entry.dev)) continue;
    if (installed[path]?.version !== entry.version) return `${path} is not version ${entry.version}`;
  }
  return null;
}

function installSystemPackages() {
  const absent = Object.entries(NEEDS).filter(([, need]) => !need.present());
  if (absent.length > 0 && process.getuid?.() === 0) apt(absent.flatMap(([, need]) => need.apt));
  for (const [name, need] of absent) {
    if (!need.present()) missing.set(name, `not installed (Debian: apt-get install ${need.apt.join(' ')})`);
  }
}

function apt(packages) {
  console.error(`setup: installing ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 2], timeout: 400_000 });
  run(['update', '-qq']);
  run(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

async function fetchBroker() {
  if (missing.has('java') || missing.has('maven')) return;
  const { fetchKafka } = await import('./kafka/fetch.mjs');
  await fetchKafka().catch((error) => missing.set('java', error.message));
}

function installPythonPackages() {
  if (missing.has('python')) return;
  const packages = Object.values(PYTHON_PACKAGES);
  if (run(python, ['-c', `import ${Object.keys(PYTHON_PACKAGES).join(', ')}`])) return;
  console.error(`setup: installing ${packages.join(' ')} into .cache/python`);
  const installed =
    run('python3', ['-m', 'venv', `${cache}/python`]) &&
    run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...packages]);
  if (!installed) missing.set('python', `${packages.join(' and ')} could not be installed into .cache/python`);
}

function run(command, args) {
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'ignore'], timeout: 300_000 }).status === 0;
}

function reportMissing() {
  const tests = [...missing.keys()].flatMap((name) => NEEDS[name].tests);
  writeFileSync(missingFile, JSON.stringify([...new Set(tests)]));
  for (const [name, reason] of missing) {
    console.error(`setup: ${name}: ${reason}; left out: ${NEEDS[name].tests.join(', ')}`);
  }
  if (missing.size > 0 && strict) fail('with CI=true every test must be able to run');
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
