import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetchKafka } from '../../scripts/kafka/fetch.mjs';

const run = promisify(execFile);

/** The machine's Java with Kafka's jars on its class path. */
export interface Java {
  /** Runs a class to its end; rejects with what it wrote where that is not 0. */
  run(main: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<void>;
  /** Starts a class that goes on. `flags` are the virtual machine's; both outputs go to the open file `log`. */
  start(main: string, args: readonly string[], options: { flags: readonly string[]; log: number }): ChildProcess;
}

/** Fetches the jars where they are not there yet; rejects naming what is missing. */
export async function kafkaJava(): Promise<Java> {
  const { classPath } = await fetchKafka();
  const command = (flags: readonly string[], main: string, args: readonly string[]) => [
    ...flags,
    ...['-cp', classPath],
    main,
    ...args,
  ];
  return {
    async run(main, args, env = {}) {
      await run('java', command(['-Xmx128m'], main, args), { env: { ...process.env, ...env } });
    },
    start: (main, args, { flags, log }) => spawn('java', command(flags, main, args), { stdio: ['ignore', log, log] }),
  };
}

/** Runs a one-file Java program to its end. */
export async function runProgram(file: URL, args: readonly string[]): Promise<void> {
  const java = await kafkaJava();
  await java.run(fileURLToPath(file), args);
}
