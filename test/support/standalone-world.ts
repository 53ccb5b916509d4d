import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalPagerDuty } from '../../services/pagerduty-local/index.ts';
import { type DriftlineProcess, select, startDriftline } from './driftline-process.ts';

export interface PagerDutyEvent {
  event_action: string;
  dedup_key: string;
  payload?: { summary: string; severity: string; custom_details?: unknown };
}

export interface IngestAnswer {
  accepted: number;
  rejected: { index: number; code: string; path: string; message: string }[];
}

/** A real standalone process with a PagerDuty of its own, in a directory of its own. */
export interface StandaloneWorld {
  driftline: DriftlineProcess;
  dir: string;
  /** Posts to /v1/KIND; fails unless answered 202. `arrival` is the header Driftline-Arrival. */
  post(kind: 'predictions' | 'labels', body: unknown, arrival?: 'event' | number): Promise<IngestAnswer>;
  sql<T>(query: string): Promise<T[]>;
  /** GET of the API as JSON. */
  api<T>(path: string): Promise<T>;
  /** What the local PagerDuty took, in order, with the time it took it. */
  pages(): { receivedAt: number; event: PagerDutyEvent }[];
  close(): Promise<void>;
}

export interface WorldOptions {
  /** YAML beside ports and PagerDuty. */
  config: readonly string[];
  /** Files to lie beside the configuration. */
  files: Readonly<Record<string, string>>;
}

export async function openStandaloneWorld({ config, files }: WorldOptions): Promise<StandaloneWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'driftline-world-'));
  const pagerduty = createLocalPagerDuty({ port: 0 });
  await pagerduty.start();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const file = join(dir, 'driftline.yaml');
  const paging = `pagerduty: {base_url: "${pagerduty.url}", routing_key: 0123456789abcdef0123456789abcdef}`;
  writeFileSync(file, `${['http: {port: 0}', 'sql: {port: 0}', paging, ...config].join('\n')}\n`);
  const driftline = await startDriftline(['standalone', '--config', file, '--data', join(dir, 'data')]).catch(
    async (error: unknown) => {
      await pagerduty.stop();
      throw error;
    },
  );
  return {
    driftline,
    dir,
    post: (kind, body, arrival) => post(`${driftline.http}/v1/${kind}`, body, arrival),
    sql: (query) => select(driftline.sql, query),
    api: async <T>(path: string) => (await (await fetch(driftline.http + path)).json()) as T,
    pages: () =>
      pagerduty
        .events()
        .filter(({ status }) => status === 202)
        .map(({ received_at, body }) => ({ receivedAt: Date.parse(received_at), event: body as PagerDutyEvent })),
    async close() {
      const code = await driftline.end('SIGTERM');
      await pagerduty.stop();
      rmSync(dir, { recursive: true, force: true });
      if (code !== 0) throw new Error(`standalone ended with ${code}:\n${driftline.output().stderr}`);
    },
  };
}

async function post(url: string, body: unknown, arrival: 'event' | number | undefined): Promise<IngestAnswer> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (arrival !== undefined) headers['driftline-arrival'] = String(arrival);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, { method: 'POST', headers, body: text });
  if (response.status !== 202) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as IngestAnswer;
}
