import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A record of the log as kcat reports it. */
export interface RawRecord {
  partition: number;
  offset: number;
  /** ms */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Readonly<Record<string, string>>;
}

const CONSUME_MS = 60_000;

/** Runs kcat (librdkafka, a client of another make); rejects with its words unless it ends with 0. */
export async function kcat(bootstrap: string, args: readonly string[], input: string | Buffer = ''): Promise<Buffer> {
  const child = spawn('kcat', ['-b', bootstrap, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  let errors = '';
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), CONSUME_MS);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  if (code !== 0) throw new Error(`kcat ${args.join(' ')}: ${code ?? signal}: ${errors.trim()}`);
  return Buffer.concat(out);
}

/** Every record of a partition from `offset` to its end, aborted transactions left out. */
export async function readPartition(
  bootstrap: string,
  topic: string,
  partition: number,
  offset: number | 'beginning',
): Promise<RawRecord[]> {
  // Sizes come before the bytes, so that nothing in them can be taken for a separator. %h is the headers' own text.
  const format = '%p %o %T %K %S\n%h\n%k%s\n';
  const place = ['-t', topic, '-p', String(partition), '-o', String(offset)];
  const bytes = await kcat(bootstrap, [
    '-C',
    '-q',
    '-e',
    '-X',
    'isolation.level=read_committed',
    // An end is told with an empty answer only: under traffic that would not come within the default half second.
    '-X',
    'fetch.wait.max.ms=5',
    '-f',
    format,
    ...place,
  ]);
  return parseRecords(bytes);
}

function parseRecords(bytes: Buffer): RawRecord[] {
  const records: RawRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes.indexOf(10, at);
    const second = bytes.indexOf(10, first + 1);
    const [partition, offset, timestamp, keyLength, valueLength] = bytes
      .toString('latin1', at, first)
      .split(' ')
      .map(Number);
    const keyEnd = second + 1 + Math.max(0, keyLength!);
    const valueEnd = keyEnd + Math.max(0, valueLength!);
    records.push({
      partition: partition!,
      offset: offset!,
      timestamp: timestamp!,
      key: keyLength! < 0 ? null : bytes.subarray(second + 1, keyEnd),
      value: valueLength! < 0 ? null : bytes.subarray(keyEnd, valueEnd),
      headers: parseHeaders(bytes.toString('utf8', first + 1, second)),
    });
    at = valueEnd + 1;
  }
  return records;
}

function parseHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',').filter(Boolean)) {
    const at = pair.indexOf('=');
    headers[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return headers;
}

/** First (-2) or end (-1) offset of each partition; transaction markers count. */
export async function logOffsets(
  bootstrap: string,
  topic: string,
  partitions: number,
  which: -1 | -2,
): Promise<number[]> {
  const asked = Array.from({ length: partitions }, (_, partition) => ['-t', `${topic}:${partition}:${which}`]).flat();
  const text = (await kcat(bootstrap, ['-Q', ...asked])).toString();
  const found = new Map<number, number>();
  for (const [, partition, offset] of text.matchAll(/\[(\d+)\] offset (-?\d+)/g))
    found.set(Number(partition), Number(offset));
  return Array.from({ length: partitions }, (_, partition) => found.get(partition) ?? Number.NaN);
}
