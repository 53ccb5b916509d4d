import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/driftline.cjs', import.meta.url));

export interface DriftlineProcess {
  child: ChildProcess;
  /** From the ready line. */
  http: string;
  sql: string;
  /** Everything printed so far. */
  output(): { stdout: string; stderr: string };
  /** Ends with the signal and returns the exit code, null where the signal itself ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `driftline ARGS` as a real process and waits for its ready line. Rejects with its output if it ends before. */
export async function startDriftline(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  timeoutMs = 120_000,
): Promise<DriftlineProcess> {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  child.stderr.on('data', (bytes: Buffer) => {
    printed.stderr += bytes.toString();
  });
  const ready = readyLine(child, printed);
  // Cleared once it is ready: the process may live longer than its start may take.
  const late = timeout(timeoutMs, child, printed);
  const line = await Promise.race([ready, earlyExit(child, printed), late.promise]).finally(late.clear);
  return {
    child,
    http: addressOf(line, 'http'),
    sql: addressOf(line, 'sql'),
    output: () => ({ ...printed }),
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

/** Runs `driftline ARGS` to its end. */
export async function runDriftline(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

/** Rows of a SELECT asked of a SQL port; fails with the server's own words. */
export async function select<T>(url: string, query: string): Promise<T[]> {
  const response = await fetch(`${url}/?database=driftline`, { method: 'POST', body: `${query} FORMAT JSONEachRow` });
  const text = await response.text();
  if (!response.ok) throw new Error(`${query}: ${text}`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

function readyLine(child: ChildProcess, printed: { stdout: string }): Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      printed.stdout += `${line}\n`;
      if (line.startsWith('ready ')) resolve(line);
    });
  });
}

async function earlyExit(child: ChildProcess, printed: { stdout: string; stderr: string }): Promise<never> {
  await once(child, 'exit');
  throw new Error(
    `driftline ended before it was ready (exit ${child.exitCode}):\n${printed.stdout}\n${printed.stderr}`,
  );
}

function timeout(ms: number, child: ChildProcess, printed: { stderr: string }) {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`driftline was not ready after ${ms} ms:\n${printed.stderr.slice(-4000)}`));
    }, ms);
  });
  return { promise, clear: () => clearTimeout(timer) };
}

function addressOf(line: string, name: string): string {
  return new RegExp(`${name}=(\\S+)`).exec(line)?.[1] ?? '';
}
