import { Kafka, type LogEntry, logLevel } from 'kafkajs';
import { installGathering } from './answer-memory.ts';
import { installRecordDecoder } from './record-decoder.ts';

/** The part of pino's interface that the adapter writes to. */
export interface KafkaLogger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface ClientOptions {
  brokers: readonly string[];
  clientId: string;
  /** Nothing is written anywhere without it. */
  logger?: KafkaLogger | undefined;
}

/** `watch` sees every line kafkajs logs, debug ones included. */
export function createClient(options: ClientOptions, watch?: (entry: LogEntry) => void): Kafka {
  installRecordDecoder();
  installGathering();
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: 3000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 200, maxRetryTime: 3000, retries: 5 },
    logLevel: watch === undefined ? logLevel.INFO : logLevel.DEBUG,
    logCreator: () => (entry) => {
      watch?.(entry);
      if (options.logger !== undefined) writeLog(options.logger, entry);
    },
  });
}

/** kafkajs calls much an error that it then mends by itself; what stays broken is reported by the adapter. */
function writeLog(logger: KafkaLogger, { level, namespace, log }: LogEntry): void {
  const { message, timestamp: _, logger: __, ...details } = log;
  if (level === logLevel.ERROR) logger.warn({ namespace, ...details }, message);
  else if (level === logLevel.WARN) logger.info({ namespace, ...details }, message);
  else if (level === logLevel.INFO) logger.debug({ namespace, ...details }, message);
}
