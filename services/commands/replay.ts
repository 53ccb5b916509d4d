import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { openCsv } from '../../lib/adapters/csv/index.ts';
import type { ModelSpec } from '../../lib/core/monitors/types.ts';
import { readTimestamp } from '../../lib/core/references/cells.ts';
import { parseDuration } from '../../lib/runtime/config/durations.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { DriftlineError, describeError } from '../../lib/runtime/errors.ts';
import { readEventRows } from '../replay/event-rows.ts';
import { httpSink } from '../replay/http-sink.ts';
import { logSink } from '../replay/log-sink.ts';
import { mergeStreams, type Stream } from '../replay/merge.ts';
import { type Progress, terminalProgress } from '../replay/progress.ts';
import { sendReplay } from '../replay/send.ts';
import type { ReplaySink } from '../replay/sink.ts';
import { openLog } from '../wiring/open-log.ts';
import { configOf, configOption } from './options.ts';
import { loggerFor, print } from './run.ts';

interface ReplayFlags {
  config?: string;
  model: string;
  modelVersion: string;
  labelDelay: number;
  url?: string;
  keyFile?: string;
}

export function register(program: Command): void {
  configOption(
    program.command('replay').description('sends rows of files as prediction events and labels, in event time'),
  )
    .argument('<file...>', 'CSV with a header line, also .gz; several are merged in time order')
    .requiredOption('--model <name>', "model of the configuration whose `columns` say what the files' columns are")
    .option('--model-version <version>', 'version that the events carry', '')
    .option('--label-delay <duration>', 'time between a prediction and its label', parseDelay, 0)
    .option(
      '--url <url>',
      'send over HTTP to this api or standalone; absent: to Kafka, or the standalone of the configuration',
    )
    .option('--key-file <file>', 'ingest key `id.secret` for HTTP')
    .action(replay);
}

function parseDelay(value: string): number {
  const ms = parseDuration(value);
  if (ms === null) throw new InvalidArgumentError('must be a duration such as 1h or 7d.');
  return ms;
}

async function replay(files: string[], flags: ReplayFlags): Promise<void> {
  const config = configOf(flags.config === undefined ? {} : { config: flags.config });
  const model = modelOf(config, flags.model);
  const progress = terminalProgress(process.stderr);
  const { sink, close } = await openSink(config, flags);
  try {
    const sent = await send(files, model, { config, flags, sink, progress });
    print(`replayed ${sent} events of ${model.name}`);
  } finally {
    await close();
  }
}

function modelOf(config: Config, name: string): ModelSpec {
  const model = config.models.find((candidate) => candidate.name === name);
  const known = config.models.map((candidate) => candidate.name).join(', ') || 'none';
  if (model === undefined)
    throw new DriftlineError('usage', `--model: no model ${name} in the configuration (it has: ${known})`);
  if (model.columns.timestamp !== undefined) return model;
  throw new DriftlineError(
    'usage',
    `model ${name} names no columns.timestamp`,
    'a replay needs the event time of each row',
  );
}

interface Sending {
  config: Config;
  flags: ReplayFlags;
  sink: ReplaySink;
  progress: Progress;
}

async function send(
  files: readonly string[],
  model: ModelSpec,
  { config, flags, sink, progress }: Sending,
): Promise<number> {
  const streams = await Promise.all(files.map((file) => readStream(file, model, flags)));
  const records = [...mergeStreams(streams)];
  progress.begin(records.length);
  const tailMs = model.windowMs + config.aggregation.allowedDelayMs;
  const sent = await sendReplay(sink, records, { tailMs, onProgress: (count, time) => progress.update(count, time) });
  progress.end();
  return sent;
}

async function readStream(file: string, model: ModelSpec, flags: ReplayFlags): Promise<Stream> {
  const { columns, ignore, segments } = model;
  const timestamp = columns.timestamp ?? '';
  const mapping = {
    model: model.name,
    version: flags.modelVersion,
    columns,
    ignore,
    segments,
    labelDelayMs: flags.labelDelay,
    timeOf: (row: Readonly<Record<string, string>>) => readTimestamp(row[timestamp] ?? ''),
  };
  try {
    return { rows: await readEventRows(file, await openCsv(file), mapping), labelDelayMs: flags.labelDelay };
  } catch (error) {
    throw new DriftlineError('usage', describeError(error), "check the file and the model's columns", { cause: error });
  }
}

async function openSink(config: Config, flags: ReplayFlags): Promise<{ sink: ReplaySink; close(): Promise<void> }> {
  if (flags.url === undefined && config.log.kind === 'kafka') {
    const log = await openLog(config, 'replay', loggerFor('replay', config, 'warn'));
    return { sink: logSink(log), close: () => log.close() };
  }
  // The embedded log belongs to the standalone's process, so its events come in over HTTP.
  const url = flags.url ?? `http://${config.http.host}:${config.http.port ?? 8080}`;
  const key = flags.keyFile === undefined ? null : readFileSync(flags.keyFile, 'utf8').trim();
  return { sink: httpSink({ url: url.replace(/\/$/, ''), key }), close: async () => {} };
}
