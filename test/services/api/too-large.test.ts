import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi } from '../../../services/api/index.ts';
import { eventually } from '../../support/eventually.ts';
import { type Bench, openBench } from './harness.ts';

const PIECE = Buffer.alloc(64 * 1024, 'x');
const PIECES = 40;

let bench: Bench;
let api: ReturnType<typeof createApi>;

before(async () => {
  bench = await openBench({ store: false });
  api = createApi(bench.with({}), { limits: { bodyBytes: 100_000 } });
  await api.start();
});
after(async () => {
  await api.stop();
  await bench.close();
});

/** A client that notes all it is told, and every error of its connection. */
async function client(): Promise<{ socket: Socket; heard: () => string; errors: Error[] }> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  let text = '';
  const errors: Error[] = [];
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', (error) => errors.push(error));
  await once(socket, 'connect');
  return { socket, heard: () => text, errors };
}

const REQUEST = 'POST /v1/predictions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n';
const chunked = (piece: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);

const KINDS = [
  {
    name: 'its length told before',
    head: `content-length: ${PIECES * PIECE.length}`,
    piece: (piece: Buffer) => piece,
    end: '',
  },
  { name: 'sent in chunks', head: 'transfer-encoding: chunked', piece: chunked, end: '0\r\n\r\n' },
];

for (const { name, head, piece, end } of KINDS) {
  test(`a body that is too large, ${name}: the client gets the 413 while it still sends, and keeps its connection`, async () => {
    const { socket, heard, errors } = await client();
    socket.write(`${REQUEST}${head}\r\n\r\n`);
    for (let sent = 0; sent < PIECES; sent += 1) {
      socket.write(piece(PIECE));
      await sleep(5);
    }
    socket.write(end);
    await eventually('the answer', async () => heard().startsWith('HTTP/1.1 413') && heard().includes('too_large'));
    socket.write('GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    await eventually('the next answer', async () => heard().includes('HTTP/1.1 200'));
    assert.deepEqual(errors, []);
    socket.destroy();
  });
}
