import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The coordinator is loading, not there yet, or was never asked for before. */
const NOT_COORDINATOR = 16;
const COMING_UP = [14, 15, NOT_COORDINATOR];
const ATTEMPTS = 80;

/**
 * Offsets of consumer groups by Kafka's own protocol (OffsetFetch 1, OffsetCommit 2), so that what is checked does not go
 * through the client under test. One of `bootstrap` must be the group's coordinator; each is asked in its turn.
 */
export async function committedOffsets(
  bootstrap: string,
  group: string,
  topic: string,
  partitions: number,
): Promise<(number | null)[]> {
  const brokers = bootstrap.split(',');
  for (let attempt = 0; ; attempt += 1) {
    // One that was killed is none to ask.
    const asked = fetchOffsets(brokers[attempt % brokers.length]!, group, topic, partitions);
    const answer = await (brokers.length === 1 ? asked : asked.catch(() => NOT_COORDINATOR));
    if (typeof answer !== 'number') return answer;
    if (!COMING_UP.includes(answer) || attempt === ATTEMPTS) {
      throw new Error(`offsets of group ${group}: Kafka error ${answer}`);
    }
    await sleep(250);
  }
}

/** The offsets, or Kafka's error code. */
async function fetchOffsets(
  bootstrap: string,
  group: string,
  topic: string,
  partitions: number,
): Promise<(number | null)[] | number> {
  const body = Buffer.concat([
    text(group),
    int32(1),
    text(topic),
    int32(partitions),
    ...numbers(partitions).map(int32),
  ]);
  const answer = await ask(bootstrap, 9, 1, body);
  let at = 4 + 4 + 2 + Buffer.byteLength(topic);
  const count = answer.readInt32BE(at);
  at += 4;
  const found = new Map<number, number | null>();
  for (let i = 0; i < count; i += 1) {
    const offset = Number(answer.readBigInt64BE(at + 4));
    const metadata = Math.max(0, answer.readInt16BE(at + 12));
    const error = answer.readInt16BE(at + 14 + metadata);
    if (error !== 0) return error;
    found.set(answer.readInt32BE(at), offset < 0 ? null : offset);
    at += 16 + metadata;
  }
  return numbers(partitions).map((partition) => found.get(partition) ?? null);
}

/** Sets offsets of a group without members. */
export async function setCommittedOffset(
  bootstrap: string,
  group: string,
  topic: string,
  partition: number,
  offset: number,
): Promise<void> {
  const head = [text(group), int32(-1), text(''), int64(-1)];
  const body = Buffer.concat([...head, int32(1), text(topic), int32(1), int32(partition), int64(offset), text('')]);
  const answer = await ask(bootstrap, 8, 2, body);
  const error = answer.readInt16BE(4 + 4 + 2 + Buffer.byteLength(topic) + 4 + 4);
  if (error !== 0) throw new Error(`setting an offset of group ${group}: Kafka error ${error}`);
}

/** Sends one request; returns the answer from its correlation id on. */
function ask(bootstrap: string, key: number, version: number, body: Buffer): Promise<Buffer> {
  const [host, port] = bootstrap.split(',')[0]!.split(':');
  const request = Buffer.concat([int16(key), int16(version), int32(1), text('test'), body]);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host, port: Number(port) }, () =>
      socket.write(Buffer.concat([int32(request.length), request])),
    );
    socket.setTimeout(10_000, () => socket.destroy(new Error('the broker does not answer')));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the broker closed the connection')));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length < 4 || all.length < 4 + all.readInt32BE(0)) return;
      resolve(all.subarray(4));
      socket.destroy();
    });
  });
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}
