import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbEngine } from '../../../lib/adapters/chdb/index.ts';
import type { Engine } from '../../../lib/ports/engine.ts';
import { createSqlServer, type SqlServer, type SqlServerOptions } from '../../../services/sql/index.ts';

export interface Answered {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
}

export interface SqlHarness {
  engine: Engine;
  /** An empty directory of the test's own, beside the data. */
  scratch: string;
  serve(options?: Partial<SqlServerOptions>): Promise<SqlServer>;
  stop(): Promise<void>;
}

/** One engine for a test file, and any number of servers in front of it. */
export async function startSqlHarness(): Promise<SqlHarness> {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-sql-'));
  const engine = await openChdbEngine(join(dir, 'data'));
  const scratch = await mkdtemp(join(dir, 'scratch-'));
  const servers: SqlServer[] = [];
  return {
    engine,
    scratch,
    async serve(options = {}) {
      const server = createSqlServer({
        engine,
        host: '127.0.0.1',
        port: 0,
        writable: false,
        database: 'driftline',
        ...options,
      });
      servers.push(server);
      await server.start();
      return server;
    },
    async stop() {
      for (const server of servers) await server.stop();
      await engine.close();
      await rm(dir, { recursive: true });
    },
  };
}

export interface Ask {
  body?: string | Uint8Array;
  headers?: Record<string, string>;
  method?: string;
}

/** POSTs `sql` (or what `ask` says) with URL parameters. */
export async function ask(
  url: string,
  sql: string,
  query: Record<string, string> = {},
  more: Ask = {},
): Promise<Answered> {
  const method = more.method ?? 'POST';
  const target = `${url}/?${new URLSearchParams(query)}`;
  const body = method === 'GET' ? undefined : new Uint8Array(Buffer.from(more.body ?? sql));
  const response = await fetch(target, { method, ...(body && { body }), headers: more.headers ?? {} });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString('utf8') };
}

export async function filesIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).sort();
}
