import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BrokerConnection, gathering } from '../../../lib/adapters/kafka/answer-memory.ts';

const require = createRequire(import.meta.url);
// Whatever other code has put in its place.
delete require.cache[require.resolve('kafkajs/src/network/connection')];
const { prototype }: { prototype: BrokerConnection } = require('kafkajs/src/network/connection');
const original = prototype.processData;

/** A connection without a socket, and what it fulfils. */
class Wire {
  readonly answers: [correlationId: number, payload: Buffer][] = [];
  readonly connection: BrokerConnection;

  constructor(processData: BrokerConnection['processData']) {
    const fulfillRequest = ({ correlationId, payload }: { correlationId: number; payload: Buffer }) => {
      this.answers.push([correlationId, Buffer.from(payload)]);
    };
    const state = {
      socket: {},
      authHandlers: null,
      chunks: [],
      bytesBuffered: 0,
      bytesNeeded: 4,
      requestQueue: { fulfillRequest },
    };
    this.connection = Object.assign(Object.create(prototype) as BrokerConnection, state, { processData });
  }

  send(bytes: Buffer, cuts: readonly number[]): void {
    let at = 0;
    for (const cut of cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)) {
      if (cut > at) this.connection.processData(Buffer.from(bytes.subarray(at, cut)));
      at = Math.max(at, cut);
    }
    if (at < bytes.length) this.connection.processData(Buffer.from(bytes.subarray(at)));
  }
}

function answer(correlationId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(payload.length + 4, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, payload]);
}

test('answers are those that kafkajs gathers itself, wherever they are cut', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(payloads, fc.array(fc.nat(), { maxLength: 12 }), (all, cuts) => {
      const bytes = Buffer.concat(all.map((payload, id) => answer(id, payload)));
      const [theirs, ours] = [new Wire(original), new Wire(gathering(original))];
      theirs.send(bytes, cuts);
      ours.send(bytes, cuts);
      assert.deepEqual(
        ours.answers.map(([id]) => id),
        all.map((_, id) => id),
      );
      assert.deepEqual(ours.answers, theirs.answers);
    }),
    { numRuns: 2_000 },
  );
});

test('what had come of an answer when the connection broke is not taken for the next one', () => {
  const wire = new Wire(gathering(original));
  for (const cut of [3, 40]) {
    wire.connection.processData(answer(1, Buffer.alloc(100)).subarray(0, cut));
    wire.connection.socket = {};
    wire.connection.processData(answer(2, Buffer.from('new')));
    assert.deepEqual(wire.answers.pop(), [2, Buffer.from('new')]);
  }
  assert.deepEqual(wire.answers, []);
});

test('nothing is kept of an answer that was handed on', () => {
  const { connection } = new Wire(gathering(original));
  const bytes = answer(1, Buffer.alloc(1_000_000));
  connection.processData(bytes.subarray(0, 700_000));
  assert.deepEqual(connection.chunks, []);
  connection.processData(bytes.subarray(700_000));
  assert.deepEqual([connection.chunks, connection.bytesBuffered, connection.bytesNeeded], [[], 0, 4]);
});
