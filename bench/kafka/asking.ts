import { connect } from 'node:net';

export interface Asking {
  /** Sends one whole request and resolves to its answer, without the length before it. One at a time. */
  ask(request: Buffer): Promise<Buffer>;
  close(): void;
}

/** A connection to one broker without a client. */
export function askingOf(bootstrap: string): Asking {
  const [host, port] = bootstrap.split(':');
  const socket = connect({ host: host!, port: Number(port), noDelay: true });
  let chunks: Buffer[] = [];
  let size = 0;
  let waiting: PromiseWithResolvers | null = null;
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < 4 || (chunks[0]!.length >= 4 && size < chunks[0]!.readInt32BE(0) + 4)) return;
    const all = Buffer.concat(chunks);
    [chunks, size] = [[all], all.length];
    if (all.length < all.readInt32BE(0) + 4) return;
    [chunks, size] = [[], 0];
    waiting?.resolve(all.subarray(4));
  });
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

interface PromiseWithResolvers {
  resolve(answer: Buffer): void;
  reject(error: Error): void;
}
