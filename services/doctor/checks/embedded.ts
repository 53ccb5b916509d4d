import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, problem, warning } from '../types.ts';
import { diskFinding } from './storage.ts';

/** The data directory of the embedded log and engine: there, writable, with room, and who has it open. */
export const embeddedCheck: Check = { name: 'data', needs: [], run: inspect };

async function inspect({ embedded, config, store }: DoctorWorld): Promise<Finding[]> {
  const data = await embedded();
  if (data === null) return [];
  const { dir, exists, writable, owner } = data;
  if (!exists) return [ok(`${dir} does not exist yet: \`driftline standalone\` makes it`)];
  const findings = [diskFinding('data directory', { ...data, path: dir })];
  if (!writable)
    findings.push(problem(`${dir} cannot be written by this user`, 'change its owner, or choose another with --data'));
  if (config.log.kind === 'embedded') findings.push(ownerFinding(dir, owner));
  if (config.store.kind === 'embedded' && store === null)
    findings.push(
      warning(
        `no SQL port answers at ${config.sql.host}:${config.sql.port}: what is in the tables was not looked at`,
        'start `driftline standalone` with this configuration, then run the doctor again',
      ),
    );
  return findings;
}

function ownerFinding(dir: string, owner: number | null): Finding {
  if (owner === null) return ok(`${dir} is not in use: standalone is not running`);
  return ok(`${dir} is in use by process ${owner}: standalone is running`);
}
