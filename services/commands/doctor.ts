import { type Command, Option } from 'commander';
import { openCsv } from '../../lib/adapters/csv/index.ts';
import { ConfigError } from '../../lib/runtime/config/problems.ts';
import { CHECKS } from '../doctor/checks/index.ts';
import { formatJson, formatText, worstLevel } from '../doctor/report.ts';
import { runChecks } from '../doctor/run.ts';
import { openWorld } from '../wiring/doctor.ts';
import { checkReferences } from './check-references.ts';
import { type CommonFlags, configOf, configOption, dataOption } from './options.ts';
import { print } from './run.ts';

interface DoctorFlags extends CommonFlags {
  format: 'text' | 'json';
}

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .description('checks broker, topics, store, channels and clocks, and says what to do; changes nothing');
  dataOption(configOption(command))
    .addOption(new Option('--format <format>', 'how to print the findings').choices(['text', 'json']).default('text'))
    .action(run);
}

async function run({ format, ...flags }: DoctorFlags): Promise<void> {
  const config = configOf(flags);
  const problems = await checkReferences(config, openCsv);
  if (problems.length > 0) throw new ConfigError(problems);
  const { world, close } = await openWorld(config);
  try {
    const reports = await runChecks(CHECKS, world);
    if (format === 'json') print(formatJson(reports, world.now()));
    else for (const line of formatText(reports)) print(line);
    process.exitCode = worstLevel(reports) === 'problem' ? 1 : 0;
  } finally {
    await close();
  }
}
