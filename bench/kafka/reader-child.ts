/** One reader in a process of its own: reads a topic for each message of its parent and answers with what it took. */
import { readBare } from './bare.ts';
import { type Question, type Reader, readKafkajs, readPlatformatic, readPort } from './readers.ts';

const READERS: Readonly<Record<string, Reader>> = {
  kafkajs: readKafkajs,
  port: readPort,
  platformatic: readPlatformatic,
  bare: readBare,
};
const read = READERS[process.argv[2] ?? ''];
if (read === undefined) throw new Error(`no such reader: ${process.argv[2]}`);

process.on('message', (question: Question) => {
  void read(question).then((took) => process.send?.(took));
});
