import { createRequire } from 'node:module';

/** Of kafkajs's connection to a broker, what is used here. */
export interface BrokerConnection {
  /** Another one after each break. */
  socket: object;
  authHandlers: unknown;
  /** What came and is no whole answer yet. */
  chunks: Buffer[];
  bytesBuffered: number;
  /** Until the next answer is whole: its size where that is known, else the size's own four bytes. */
  bytesNeeded: number;
  processData(data: Buffer): void;
}

/** What comes of a connection's answers: one that is on its way, or none. */
interface Gathering {
  socket: object;
  answer: Answer | null;
}

interface Answer {
  bytes: Buffer;
  filled: number;
}

const SIZE_BYTES = 4;
const MOST_BYTES = 256 * 1024 * 1024;

let installed = false;

/** Has kafkajs gather answers as `gathering` does. kafkajs is at its last version, so that the place stays where it is. */
export function installGathering(): void {
  if (installed) return;
  const require = createRequire(import.meta.url);
  const { prototype }: { prototype: BrokerConnection } = require('kafkajs/src/network/connection');
  prototype.processData = gathering(prototype.processData);
  installed = true;
}

/**
 * Writes what comes of an answer into one piece of memory of its size, and hands it on when it is whole. kafkajs keeps all
 * pieces until the last one has come, then copies them; and of each answer it keeps an empty view, which holds all of it
 * until the next one is whole. For a record of 50 MB that is 150 MB at once. What had come when a connection broke, kafkajs
 * would take for the beginning of the next one's first answer.
 */
export function gathering(processData: BrokerConnection['processData']): BrokerConnection['processData'] {
  const gatherings = new WeakMap<BrokerConnection, Gathering>();
  return function gather(this: BrokerConnection, data: Buffer): void {
    let own = gatherings.get(this);
    if (own?.socket !== this.socket) {
      own = { socket: this.socket, answer: null };
      gatherings.set(this, own);
      begin(this);
    }
    let rest = data;
    if (own.answer !== null) {
      const { answer } = own;
      rest = fill(answer, data);
      if (answer.filled < answer.bytes.length) return;
      own.answer = null;
      begin(this);
      processData.call(this, answer.bytes);
    }
    if (rest.length > 0) processData.call(this, rest);
    if (this.bytesBuffered === 0) this.chunks = [];
    else if (isGathered(this)) own.answer = takeOver(this);
  };
}

/** Of a login kafkajs looks at the bytes itself; and what speaks another protocol may announce anything. */
function isGathered({ bytesNeeded, authHandlers }: BrokerConnection): boolean {
  return bytesNeeded > SIZE_BYTES && bytesNeeded <= MOST_BYTES && !authHandlers;
}

function begin(connection: BrokerConnection): void {
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = SIZE_BYTES;
}

/** Returns what is left of the data. */
function fill(answer: Answer, data: Buffer): Buffer {
  const taken = data.copy(answer.bytes, answer.filled);
  answer.filled += taken;
  return data.subarray(taken);
}

function takeOver(connection: BrokerConnection): Answer {
  const answer = { bytes: Buffer.allocUnsafeSlow(connection.bytesNeeded), filled: 0 };
  for (const chunk of connection.chunks) fill(answer, chunk);
  begin(connection);
  return answer;
}
