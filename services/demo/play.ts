import { openCsv } from '../../lib/adapters/csv/index.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import { logSink } from '../replay/log-sink.ts';
import { mergeStreams, type Stream } from '../replay/merge.ts';
import type { Progress } from '../replay/progress.ts';
import { sendReplay } from '../replay/send.ts';
import { inputRead } from './input-read.ts';
import { waitUntilSettled } from './settle.ts';
import { DEMO_MODELS, readStream } from './streams.ts';

const STUCK_AFTER_MS = 60_000;
const DAY_MS = 86_400_000;

interface PlayOptions {
  input: string;
  progress: Progress;
  signal: AbortSignal;
}

/** Replays both models' streams, merged in event time, and waits until the last window has its verdict and the last page is out. */
export async function playStreams({ log, store, config }: ServiceContext, options: PlayOptions): Promise<void> {
  const { progress, signal } = options;
  progress.step('Reading two streams of production rows');
  const streams = await Promise.all(DEMO_MODELS.map((model) => readStream(model, options.input, openCsv)));
  const labels = count(streams, (row) => row.label !== null);
  const total = count(streams, () => true) + labels;
  progress.begin(total);
  const tailMs = Math.max(DAY_MS, ...config.models.map((model) => model.windowMs)) + config.aggregation.allowedDelayMs;
  await sendReplay(logSink(log), mergeStreams(streams), {
    signal,
    tailMs,
    onProgress: (sent, time) => progress.update(sent, time),
  });
  progress.end();
  progress.step('Waiting for the last verdict');
  await waitUntilSettled(store, () => inputRead(log, store, labels), STUCK_AFTER_MS, signal);
}

function count(streams: readonly Stream[], counted: (row: Stream['rows'][number]) => boolean): number {
  return streams.reduce((sum, { rows }) => sum + rows.filter(counted).length, 0);
}
