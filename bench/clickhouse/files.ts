import { closeSync, createWriteStream, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import avsc from 'avsc';
import { type Event, jsonEvent, newEvent } from '../kafka/fill.ts';

/** Events as the engine reads them without a client before it: files of `perInsert` events each, still in the page cache. */
export interface Files {
  events: number;
  /** Of one event. */
  jsonBytes: number;
  json: string[];
  avro: string[];
}

export interface Size {
  events: number;
  features: number;
  perInsert: number;
}

/** The events of bench/kafka as lines of JSON, and with `avro` as Avro container files of flat records too. */
export async function writeFiles(dir: string, { events, features, perInsert }: Size, avro: boolean): Promise<Files> {
  const files: Files = { events, jsonBytes: 0, json: [], avro: [] };
  for (let first = 0; first < events; first += perInsert) {
    const some = Array.from({ length: Math.min(perInsert, events - first) }, (_, i) => newEvent(first + i, features));
    const json = join(dir, `${first}.ndjson`);
    files.jsonBytes += writeLines(json, some) / events;
    files.json.push(json);
    if (avro) files.avro.push(await writeContainer(join(dir, `${first}.avro`), some));
  }
  return files;
}

function writeLines(path: string, events: readonly Event[]): number {
  const file = openSync(path, 'w');
  let bytes = 0;
  for (let at = 0; at < events.length; at += 1000) {
    const lines = events.slice(at, at + 1000).map((event) => `${jsonEvent([event]).toString('utf8')}\n`);
    bytes += writeSync(file, lines.join(''));
  }
  closeSync(file);
  return bytes - events.length;
}

const double = (name: string) => ({ name, type: 'double' });

/** One record an event, a field a feature: what the engine's Avro reader takes without a map. */
async function writeContainer(path: string, events: readonly Event[]): Promise<string> {
  const text = (name: string) => ({ name, type: 'string' });
  const features = events[0]!.features.map((_, at) => double(`feature_${at}`));
  const fields = [
    ...['prediction_id', 'model', 'version'].map(text),
    { name: 'timestamp', type: 'long' },
    ...features,
    text('label'),
    double('score'),
  ];
  const encoder = new avsc.streams.BlockEncoder({ type: 'record', name: 'Event', fields }, { codec: 'null' });
  const written = finished(encoder.pipe(createWriteStream(path)));
  for (const event of events) encoder.write(flat(event));
  encoder.end();
  await written;
  return path;
}

function flat({ index, time, features }: Event) {
  return {
    prediction_id: `p-${index}`,
    model: 'bench',
    version: '1',
    timestamp: time,
    ...Object.fromEntries(features.map((value, at) => [`feature_${at}`, value])),
    label: index % 3 === 0 ? 'yes' : 'no',
    score: Math.random(),
  };
}
