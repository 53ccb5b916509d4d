import { TOPICS } from '../../lib/core/messages/types.ts';
import { DriftlineError, describeError } from '../../lib/runtime/errors.ts';
import type { TimedRecord } from './merge.ts';
import type { ReplaySink } from './sink.ts';

export interface HttpSinkOptions {
  /** Of a running api or standalone, such as `http://127.0.0.1:8080`. */
  url: string;
  /** `id.secret` of an ingest key; null where the server wants none. */
  key: string | null;
}

interface Answer {
  accepted: number;
  rejected: { index: number; code: string; path: string; message: string }[];
}

/** Over HTTP, marked as a replay. Throws naming the first event that the server rejects: a replay with holes is none. */
export function httpSink({ url, key }: HttpSinkOptions): ReplaySink {
  const post = async (route: string, arrival: string, body: string): Promise<Answer> => {
    const headers: Record<string, string> = { 'content-type': 'application/x-ndjson', 'driftline-arrival': arrival };
    if (key !== null) headers.authorization = `Bearer ${key}`;
    const target = `${url}/v1/${route}`;
    const response = await fetch(target, { method: 'POST', headers, body }).catch((error: unknown) => {
      const hint = 'is the api or standalone up, and is --url its address?';
      throw new DriftlineError('api_unreachable', `${target}: ${describeError(error)}`, hint, { cause: error });
    });
    const text = await response.text();
    if (response.status !== 202)
      throw new DriftlineError('replay_refused', `${target} answered ${response.status}: ${text}`);
    return JSON.parse(text) as Answer;
  };
  const sendTo = async (route: string, records: readonly TimedRecord[]): Promise<void> => {
    if (records.length === 0) return;
    const { rejected } = await post(route, 'event', records.map((record) => record.value).join('\n'));
    const [first] = rejected;
    if (first === undefined) return;
    const id = records[first.index]?.key ?? '';
    throw new Error(
      `${rejected.length} events were rejected, the first ${id}: ${first.code} at ${first.path}: ${first.message}`,
    );
  };
  return {
    async append(records) {
      await sendTo(
        'predictions',
        records.filter((record) => record.topic === TOPICS.predictions),
      );
      await sendTo(
        'labels',
        records.filter((record) => record.topic === TOPICS.labels),
      );
    },
    async close(arrival) {
      for (const route of ['predictions', 'labels']) await post(route, String(arrival), '');
    },
  };
}
