import type { LogRecord } from '../../lib/ports/log.ts';
import type { Environment } from './environment.ts';

/** The id of a schema that has to be asked for before the record can be read, or null: it can be read now. */
export function missingSchema({ context }: Environment, { value }: LogRecord): number | null {
  return value === null ? null : context.codec.missingSchema(value);
}

/**
 * Asks the schema registry for the record's schema, where it has one that is not known yet. While the registry is away
 * reading waits, `flush` has made durable what was read before, and `/readyz` says so.
 */
export async function prepareSchema(
  environment: Environment,
  record: LogRecord,
  flush: () => Promise<void>,
): Promise<void> {
  const id = missingSchema(environment, record);
  if (id === null) return;
  const ask = (): Promise<void> => environment.context.codec.askForSchema(id);
  try {
    await ask();
  } catch {
    await flush();
    await environment.insist('schema registry', `get schema ${id} from the schema registry`, ask);
  }
}
