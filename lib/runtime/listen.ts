import { type AddressInfo, isIPv4 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { DriftlineError } from './errors.ts';

/** Listens and returns the URL to reach it by. Port 0 takes any free one. Throws `port_in_use` naming the address. */
export async function listen(server: FastifyInstance, address: { host: string; port: number }): Promise<string> {
  try {
    await server.listen(address);
  } catch (error) {
    throw portError(error, address);
  }
  const bound = server.server.address() as AddressInfo;
  return httpUrl(address.host, bound.port);
}

/** Turns a refused listen into an error that names the address; anything else passes as it is. */
export function portError(error: unknown, address: { host: string; port: number }): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const reasons: Record<string, string> = {
    EADDRINUSE: 'is in use by another process',
    EACCES: 'may not be used by this user',
    EADDRNOTAVAIL: 'is no address of this machine',
    ENOTFOUND: 'is no address of this machine',
  };
  const reason = typeof code === 'string' ? reasons[code] : undefined;
  if (reason === undefined) return error;
  const hint = 'choose another with --port and --host, or 0 for any free port';
  return new DriftlineError('port_in_use', `${address.host}:${address.port} ${reason}`, hint, { cause: error });
}

/** A wildcard address is reached through loopback. */
export function httpUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
}
