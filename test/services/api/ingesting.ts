import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import type { Log, LogRecord } from '../../../lib/ports/log.ts';
import { createApi } from '../../../services/api/index.ts';
import { readAll } from '../../support/read-all.ts';
import { type Bench, openBench } from './harness.ts';

type Api = ReturnType<typeof createApi>;

interface Answer {
  status: number;
  headers: Headers;
  body: {
    accepted: number;
    rejected: { index: number; code: string; path: string; message: string }[];
    resend: number[];
    error: { code: string; message: string; path?: string };
  };
}

export interface Ingesting {
  /** To this file's API, or another. */
  post(path: string, body: string | Buffer, headers?: Record<string, string>, to?: Api): Promise<Answer>;
  /** All records of a topic, of every test before. */
  records(topic: string): Promise<LogRecord[]>;
  /** The record of one prediction, as the aggregator will find it. */
  recordOf(id: string, topic?: string): Promise<LogRecord>;
  /** An API on a log that does some things otherwise, and has little patience with it. */
  withLog(log: Partial<Log>, run: (to: Api) => Promise<void>): Promise<void>;
}

/** An API with small limits for the tests of the calling file, from its first to its last. */
export function ingesting(): Ingesting {
  let bench: Bench;
  let api: Api;
  before(async () => {
    bench = await openBench({ store: false });
    api = createApi(bench.with({}), { limits: { bodyBytes: 100_000, events: 200, eventBytes: 5_000 } });
    await api.start();
  });
  after(async () => {
    await api.stop();
    await bench.close();
  });
  const records = (topic: string) => readAll(bench.log, topic);
  return {
    post: (path, body, headers = {}, to = api) => post(to.url + path, body, headers),
    records,
    async recordOf(id, topic = TOPICS.predictions) {
      const found = (await records(topic)).filter((record) => record.key?.toString() === id);
      assert.equal(found.length, 1);
      return found[0]!;
    },
    async withLog(log, run) {
      const limits = { logPatienceMs: 200, waitingBytes: 2_000 };
      const other = createApi({ ...bench.with({}), log: { ...bench.log, ...log } }, { limits });
      await other.start();
      try {
        await run(other);
      } finally {
        await other.stop();
      }
    },
  };
}

async function post(url: string, body: string | Buffer, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}

let serial = 0;
/** A prediction with an id of its own. */
export function prediction(more: Record<string, unknown> = {}): Record<string, unknown> & { prediction_id: string } {
  serial += 1;
  return { prediction_id: `p${serial}`, model: 'm', timestamp: 1_540_922_400_000, features: { x: 1 }, ...more };
}
