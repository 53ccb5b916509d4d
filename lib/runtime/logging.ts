import { type DestinationStream, destination, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LoggerOptions {
  /** Name of the process, such as `aggregator`. */
  name: string;
  level?: LogLevel;
  /** Values that must never be printed, wherever they turn up: replaced in the finished line. */
  secrets?: readonly string[];
  /** Where lines go; absent: stderr, as JSON, or for people where stderr is a terminal. */
  stream?: DestinationStream;
}

const REDACTED = '[redacted]';
/** Fields that hold secrets whatever their value. */
const SECRET_FIELDS = ['password', 'routing_key', 'routingKey', 'authorization', 'secret', 'token'];
/** Shorter values are no secrets worth the damage that replacing them would do to the logs. */
const MIN_SECRET_LENGTH = 6;

/** stdout is for results only, so logs go to stderr. */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      base: { name: options.name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: REDACTED },
    },
    withoutSecrets(options.stream ?? stderrStream(), options.secrets ?? []),
  );
}

/** Synchronous, so that the last lines before an exit are not lost. */
function stderrStream(): DestinationStream {
  if (process.stderr.isTTY)
    return pretty({ destination: 2, sync: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid' });
  return destination({ dest: 2, sync: true });
}

function withoutSecrets(stream: DestinationStream, secrets: readonly string[]): DestinationStream {
  const forms = secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH).flatMap(spellings);
  if (forms.length === 0) return stream;
  return { write: (line) => stream.write(forms.reduce((text, form) => text.replaceAll(form, REDACTED), line)) };
}

/** As it stands in JSON, and in a URL. */
function spellings(secret: string): string[] {
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])];
}
