import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, warning } from '../types.ts';

/** What a valid configuration still leaves undone. */
export const configurationCheck: Check = { name: 'configuration', needs: [], run: async (world) => inspect(world) };

function inspect({ config }: DoctorWorld): Finding[] {
  const { models, monitors, pagerduty, publicUrl, ingestKeysFile, http } = config;
  const findings = [ok(`valid: ${models.length} models, ${monitors.length} monitors`)];
  const unwatched = models.filter((model) => monitors.every((monitor) => monitor.model !== model.name));
  if (unwatched.length > 0) {
    const names = unwatched.map((model) => model.name).join(', ');
    findings.push(warning(`no monitor tests ${names}`, 'add monitors: `driftline monitors init --help`'));
  }
  if (pagerduty !== null && publicUrl === null && config.log.kind === 'kafka')
    findings.push(warning('public_url is not set: pages carry no link to the evidence', 'set public_url'));
  if (ingestKeysFile === null && !isLoopback(http.host))
    findings.push(warning(`http.host is ${http.host} without keys: the api will not start`, 'set ingest_keys_file'));
  return findings;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
