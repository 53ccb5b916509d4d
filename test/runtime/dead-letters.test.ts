import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodec } from '../../lib/adapters/avro/index.ts';
import { type LogRecord, RecordTooLargeError } from '../../lib/ports/log.ts';
import { appendDeadLetters, deadLetter } from '../../lib/runtime/dead-letters.ts';
import { limitedLog } from '../support/limited-log.ts';

const KB = 1024;
const codec = createCodec({ encoding: 'json' });
const record = (bytes: number): LogRecord => ({
  offset: 7,
  timestamp: 1,
  key: Buffer.from('k'),
  value: Buffer.alloc(bytes, 0x78),
  headers: {},
});
const letterOf = (bytes: number, path = 'features.x') =>
  deadLetter({ topic: 't', incarnation: 'i', partition: 2, offset: 7 }, record(bytes), {
    code: 'wrong_type',
    path,
    message: 'expected a number',
  });

async function published(limit: number, ...letters: ReturnType<typeof letterOf>[]) {
  const { log, taken } = limitedLog(limit);
  const cut = await appendDeadLetters(log, codec, letters);
  const read = taken.map(({ key, value }) => {
    const { message, path, code, value_base64 } = JSON.parse(String(value)) as Record<string, string>;
    return { key, message, path, code, bytes: Buffer.from(value_base64!, 'base64').length };
  });
  return { cut, read };
}

test('a letter carries the first 256 KiB of a long record, and says so', async () => {
  const { cut, read } = await published(1000 * KB, letterOf(300 * KB), letterOf(10));
  assert.equal(cut, 0);
  assert.deepEqual(
    read.map(({ key, bytes, message }) => [key, bytes, message]),
    [
      ['["t","i",2,7]', 256 * KB, 'expected a number (only the first 262144 bytes are kept here)'],
      ['["t","i",2,7]', 10, 'expected a number'],
    ],
  );
});

test('where the topic takes less, letters carry fewer bytes, in the end none; those that fit stay whole', async () => {
  const bytes = async (limit: number) => {
    const { cut, read } = await published(limit, letterOf(200 * KB), letterOf(3 * KB), letterOf(10));
    return [cut, ...read.map((letter) => letter.bytes)];
  };
  assert.deepEqual(await bytes(100 * KB), [1, 3 * KB, 10, 32 * KB]);
  assert.deepEqual(await bytes(10 * KB), [1, 3 * KB, 10, 4 * KB]);
  assert.deepEqual(await bytes(2 * KB), [2, 10, 0, 0]);
  const { read } = await published(2 * KB, letterOf(3 * KB));
  assert.match(read[0]!.message, /^expected a number \(cut to 0 bytes here: driftline.dead-letters takes no record as/);
  assert.deepEqual([read[0]!.code, read[0]!.path], ['wrong_type', 'features.x']);
});

test('a path as long as the topic takes is cut as the bytes are', async () => {
  const { read } = await published(2 * KB, letterOf(1, `features.${'x'.repeat(100 * KB)}`));
  assert.deepEqual([read.length, read[0]!.path.length], [1, 200]);
});

test('a topic that takes no letter at all refuses by name', async () => {
  await assert.rejects(published(100, letterOf(5)), RecordTooLargeError);
});
