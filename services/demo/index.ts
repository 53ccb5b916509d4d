import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCsv } from '../../lib/adapters/csv/index.ts';
import { createPagerDutyChannel } from '../../lib/adapters/pagerduty/index.ts';
import type { Incident } from '../../lib/core/alerts/types.ts';
import { assetPath } from '../../lib/runtime/assets.ts';
import { loadConfig } from '../../lib/runtime/config/index.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import { createLocalPagerDuty, type LocalPagerDuty } from '../pagerduty-local/index.ts';
import type { Progress } from '../replay/progress.ts';
import { openStandalone, type Standalone } from '../standalone/index.ts';
import { type DemoPorts, writeDemoConfig } from './config.ts';
import { loadIncidents } from './incidents.ts';
import { playStreams } from './play.ts';

export interface DemoOptions {
  /** Directory with files of the names in `data/`; absent: the data that ships. */
  input?: string;
  /** Kept if given; otherwise a fresh directory that goes with the demo. */
  dataDir?: string;
  ports: DemoPorts;
  logger: ServiceContext['logger'];
  progress: Progress;
  /** Told once everything listens, before the streams begin: the page can be watched from then on. */
  onReady: (addresses: DemoAddresses) => void;
  /** Ends the replay early; `runDemo` then rejects. */
  signal: AbortSignal;
}

/** Where a person can look. */
export interface DemoAddresses {
  pageUrl: string;
  sqlUrl: string;
  /** null where the real PagerDuty was told. */
  pagerdutyUrl: string | null;
}

/** A demo whose streams have been replayed to the end, still serving its page and SQL until stopped. */
export interface Demo extends DemoAddresses {
  incidents: Incident[];
  configFile: string;
  /** Rejects when a service ends by itself. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

/** The local PagerDuty knows no accounts: any key of the right length is one. */
const LOCAL_ROUTING_KEY = 'driftlinedemo0local0routing0key0';

/** Generates the monitors, starts Driftline in this process, replays both streams and waits for the last verdict. */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  const input = options.input ?? assetPath('services', 'demo', 'data');
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'driftline-demo-')));
  const cleanups: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  if (options.dataDir === undefined) cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
  try {
    const { config, configFile } = await configure(input, dataDir, options);
    const pagerduty = config.pagerduty === null ? await startLocalPagerDuty() : null;
    if (pagerduty !== null) cleanups.push(() => pagerduty.stop());
    const standalone = await openStandalone(config, { logger: options.logger, ...localChannel(pagerduty) });
    cleanups.push(() => standalone.app.stop());
    options.progress.step('Starting Driftline and reading the references');
    await standalone.app.start();
    const addresses = { ...addressesOf(standalone), pagerdutyUrl: pagerduty?.url ?? null };
    options.onReady(addresses);
    await Promise.race([playStreams(standalone.ctx, { input, ...options }), standalone.app.failed]);
    const incidents = await loadIncidents(standalone.ctx.store);
    return { incidents, ...addresses, configFile, failed: standalone.app.failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function configure(
  input: string,
  dataDir: string,
  options: DemoOptions,
): Promise<{ config: Config; configFile: string }> {
  options.progress.step('Generating monitors from the references alone');
  await mkdir(dataDir, { recursive: true });
  const configFile = await writeDemoConfig(input, dataDir, options.ports, openCsv);
  return { config: loadConfig({ file: configFile, env: process.env }), configFile };
}

async function startLocalPagerDuty(): Promise<LocalPagerDuty> {
  const pagerduty = createLocalPagerDuty({ port: 0 });
  await pagerduty.start();
  return pagerduty;
}

function localChannel(pagerduty: LocalPagerDuty | null) {
  if (pagerduty === null) return {};
  return { channels: [createPagerDutyChannel({ baseUrl: pagerduty.url, routingKey: LOCAL_ROUTING_KEY })] };
}

function addressesOf(standalone: Standalone): { pageUrl: string; sqlUrl: string } {
  return { pageUrl: standalone.httpUrl(), sqlUrl: standalone.sqlUrl() ?? '' };
}
