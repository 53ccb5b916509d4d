import type { Command } from 'commander';
import { openCsv } from '../../lib/adapters/csv/index.ts';
import { formatDuration } from '../../lib/runtime/config/durations.ts';
import { ConfigError } from '../../lib/runtime/config/problems.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { checkReferences } from './check-references.ts';
import { type CommonFlags, configOf, configOption } from './options.ts';
import { print } from './run.ts';

export function register(program: Command): void {
  configOption(program.command('validate').description('checks the configuration and prints what it found')).action(
    run,
  );
}

async function run(flags: CommonFlags): Promise<void> {
  const config = configOf(flags);
  const problems = await checkReferences(config, openCsv);
  if (problems.length > 0) throw new ConfigError(problems);
  for (const line of summarize(config)) print(line);
  print(`valid: ${flags.config ?? 'defaults and environment'}`);
}

function summarize(config: Config): string[] {
  return [
    `log: ${config.log.kind === 'kafka' ? `kafka at ${config.log.brokers.join(', ')}` : `embedded in ${config.dataDir}`}`,
    `store: ${config.store.kind === 'clickhouse' ? `clickhouse at ${config.store.url}` : `embedded in ${config.dataDir}`}`,
    `channels: ${config.pagerduty === null ? 'none: nobody will be paged' : `pagerduty at ${config.pagerduty.baseUrl}`}`,
    ...config.models.map(describeModel),
    ...config.monitors.map(describeMonitor),
  ];
}

function describeModel(model: Config['models'][number]): string {
  const reference = model.reference === null ? 'no reference' : `reference ${model.reference.name}`;
  return `model ${model.name}: window ${formatDuration(model.windowMs)} (${model.timezone}), ${reference}`;
}

function describeMonitor(monitor: Config['monitors'][number]): string {
  const target = monitor.target === '*' ? 'all columns' : monitor.target.join(', ');
  return `monitor ${monitor.name}: ${target} of ${monitor.model} by ${monitor.metrics.join(', ')} against ${monitor.baseline}`;
}
