import { StoreQueryError } from '../../../lib/ports/store.ts';
import { describeError } from '../../../lib/runtime/errors.ts';
import { probeInsert, readOnlyReplicas, serverFacts } from '../../../lib/tables/server.ts';
import { formatSpan } from '../format.ts';
import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, problem } from '../types.ts';

/** The server answers, lets this user in, and takes writes. Asks without writing anything. */
export const storeCheck: Check = { name: 'store', needs: [], run: inspect };

async function inspect({ store }: DoctorWorld): Promise<Finding[]> {
  if (store === null) return [];
  try {
    const { version, uptimeSeconds } = await serverFacts(store.client);
    const found = ok(`ClickHouse ${version} at ${store.address}, up for ${formatSpan(uptimeSeconds * 1000)}`);
    return store.readOnly ? [found] : [found, ...(await writable(store))];
  } catch (error) {
    if (isMissingDatabase(error)) return [ok(`ClickHouse at ${store.address} answers`)];
    const refused = error instanceof StoreQueryError;
    const message = `ClickHouse ${refused ? 'refuses' : 'does not answer'} at ${store.address}: ${describeError(error)}`;
    return [problem(message, 'check store.url, store.username, store.password_file, and that the server is up')];
  }
}

/** Told by the check `schema`, with what to do. */
function isMissingDatabase(error: unknown): boolean {
  return error instanceof StoreQueryError && /^UNKNOWN_(DATABASE|TABLE)$/.test(error.type);
}

async function writable({ client }: NonNullable<DoctorWorld['store']>): Promise<Finding[]> {
  try {
    await probeInsert(client);
  } catch (error) {
    if (isMissingDatabase(error)) return [];
    const message = `database ${client.database} takes no writes: ${describeError(error)}`;
    return [problem(message, `GRANT SELECT, INSERT ON ${client.database}.* to the user, and see the server's log`)];
  }
  const replicas = await readOnlyReplicas(client);
  if (replicas.length === 0) return [ok(`database ${client.database} takes writes`)];
  const message = `replicas that take no writes now: ${replicas.join(', ')}`;
  return [problem(message, 'the server has lost its keeper: check ClickHouse Keeper (system.zookeeper_connection)')];
}
