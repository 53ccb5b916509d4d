import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Outside the range that systems give to outgoing connections: one of those might take the port before its user does. */
const FIRST_PORT = 10_000;
const LAST_PORT = 30_000;

/** Ports of 127.0.0.1 that nobody listens on now: for a server whose address must be known before it runs. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
