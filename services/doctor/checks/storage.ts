import { type DiskFacts, disks, type PartFacts, parts } from '../../../lib/tables/server.ts';
import { formatBytes } from '../format.ts';
import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, problem, warning } from '../types.ts';

/** Room on the store's disks, and how near tables are to refusing inserts for too many parts. */
export const storageCheck: Check = { name: 'storage', needs: ['store'], run: inspect };

/** Share of the limit of parts from which it is told. */
const PARTS_WARNING = 0.5;
const PARTS_PROBLEM = 0.9;

async function inspect({ store }: DoctorWorld): Promise<Finding[]> {
  if (store === null) return [];
  const [onDisks, tables] = await Promise.all([disks(store.client), parts(store.client)]);
  return [...onDisks.map((disk) => diskFinding(`disk ${disk.name}`, disk)), ...partFindings(tables)];
}

/** Free space against the whole; `what` names the disk. */
export function diskFinding(what: string, { freeBytes, totalBytes, path }: Omit<DiskFacts, 'name'>): Finding {
  const share = freeBytes / totalBytes;
  const message = `${what} (${path}): ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free (${Math.floor(share * 100)} %)`;
  const action = 'free space or enlarge the disk; `SELECT * FROM system.parts` tells which tables are large';
  if (share < 0.03 || freeBytes < 512 * 2 ** 20) return problem(message, action);
  return share < 0.1 ? warning(message, action) : ok(message);
}

function partFindings(tables: readonly PartFacts[]): Finding[] {
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
  const near = tables.filter(({ parts: count, limit }) => count >= limit * PARTS_WARNING);
  const fullest = tables[0];
  if (fullest === undefined) return [ok('no data yet')];
  if (near.length === 0) {
    const most = `${fullest.parts} parts of ${fullest.limit} in ${fullest.table} at most`;
    return [ok(`${tables.length} tables, ${formatBytes(bytes)}, ${most}`)];
  }
  return near.map(({ table, parts: count, limit }) => {
    const message = `${table}: ${count} parts, inserts are refused at ${limit}`;
    const action = 'raise aggregation.flush_interval, and see why merges lag: SELECT * FROM system.merges';
    return count >= limit * PARTS_PROBLEM ? problem(message, action) : warning(message, action);
  });
}
