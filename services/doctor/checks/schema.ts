import { StoreQueryError } from '../../../lib/ports/store.ts';
import { appliedMigrations } from '../../../lib/tables/server.ts';
import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, problem, warning } from '../types.ts';

/** Tables and views are those of this release. */
export const schemaCheck: Check = { name: 'schema', needs: ['store'], run: inspect };

async function inspect({ store, migrations }: DoctorWorld): Promise<Finding[]> {
  if (store === null) return [];
  const applied = await appliedMigrations(store.client).catch(noneWhereMissing);
  const missing = migrations.filter((name) => !applied.includes(name));
  const newer = applied.filter((name) => !migrations.includes(name));
  const findings: Finding[] = [];
  if (missing.length > 0) {
    const message = `database ${store.client.database} lacks ${missing.join(', ')}: services will not start`;
    findings.push(problem(message, 'run `driftline migrate` with this configuration'));
  }
  if (newer.length > 0) {
    const message = `database ${store.client.database} has migrations of a newer release: ${newer.join(', ')}`;
    findings.push(warning(message, 'run the newer release here too'));
  }
  return findings.length > 0 ? findings : [ok(`${migrations.length} migrations, all applied`)];
}

function noneWhereMissing(error: unknown): string[] {
  if (error instanceof StoreQueryError && /^UNKNOWN_(DATABASE|TABLE)$/.test(error.type)) return [];
  throw error;
}
