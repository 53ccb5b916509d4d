import { type Command, InvalidArgumentError } from 'commander';
import { openCsv } from '../../lib/adapters/csv/index.ts';
import { generateConfig } from '../../lib/registry/generate-config.ts';
import { parseDuration } from '../../lib/runtime/config/durations.ts';

interface InitFlags {
  reference: string;
  model: string;
  name: string;
  id?: string;
  timestamp?: string;
  score?: string;
  prediction?: string;
  label?: string;
  categorical: string[];
  ignore: string[];
  window?: number;
  timezone: string;
}

export function register(program: Command): void {
  const monitors = program.command('monitors').description('monitors as code');
  monitors
    .command('init')
    .description('prints a configuration (YAML) for one model and its monitors, made from a reference file alone')
    .requiredOption('--reference <file>', 'reference data: CSV with a header line, also .gz')
    .requiredOption('--model <name>', 'name of the model')
    .option('--name <name>', 'name of the reference', 'reference')
    .option('--id <column>', 'column with the prediction id')
    .option('--timestamp <column>', 'column with the event time')
    .option('--score <column>', 'column with the predicted score')
    .option('--prediction <column>', 'column with the predicted class')
    .option('--label <column>', 'column with the outcome')
    .option('--categorical <columns>', 'columns to read as categories though they look numeric', parseList, [])
    .option('--ignore <columns>', 'columns that are no features', parseList, [])
    .option('--window <duration>', "window length; absent: chosen by the reference's own traffic", parseWindow)
    .option('--timezone <zone>', 'time zone that windows are aligned in', 'UTC')
    .action(init);
}

function parseList(value: string): string[] {
  return value.split(',').filter((column) => column !== '');
}

function parseWindow(value: string): number {
  const ms = parseDuration(value);
  if (ms === null || ms === 0) throw new InvalidArgumentError('must be a duration such as 1h or 7d.');
  return ms;
}

async function init(flags: InitFlags): Promise<void> {
  const { id, timestamp, score, prediction, label } = flags;
  const columns = Object.fromEntries(
    Object.entries({ id, timestamp, score, prediction, label }).filter(([, column]) => column !== undefined),
  );
  const { model, reference, name: referenceName, categorical, ignore, window: windowMs, timezone } = flags;
  const options = {
    model,
    reference,
    referenceName,
    columns,
    categorical,
    ignore,
    timezone,
    ...(windowMs === undefined ? {} : { windowMs }),
  };
  process.stdout.write(await generateConfig(options, openCsv));
}
