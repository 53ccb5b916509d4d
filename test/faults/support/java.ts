import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetchKafka } from '../../../scripts/kafka/fetch.mjs';

const FOLDER = fileURLToPath(new URL('./', import.meta.url));

/** Runs a one-file Java program of this folder with Kafka's client on its class path. */
export async function java(program: string, args: readonly string[]): Promise<void> {
  const { classPath } = await fetchKafka();
  await promisify(execFile)('java', ['-Xmx128m', '-cp', classPath, `${FOLDER}${program}.java`, ...args]);
}
