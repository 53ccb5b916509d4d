import type { ModelSpec } from '../../lib/core/monitors/types.ts';
import { absentColumns, columnUse } from '../../lib/core/references/mapping.ts';
import type { OpenTable } from '../../lib/ports/table-file.ts';
import { formatPath, type Problem } from '../../lib/runtime/config/problems.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { describeError } from '../../lib/runtime/errors.ts';

/**
 * What the header line of each reference contradicts: columns named in the configuration that it lacks, and monitors of
 * columns it does not have. Reading all rows is left to the start of a service.
 */
export async function checkReferences(config: Config, openTable: OpenTable): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [index, model] of config.models.entries()) {
    if (model.reference === null) continue;
    const columns = await readHeader(model.reference.file, openTable).catch((error: unknown) => {
      problems.push({ path: formatPath(['models', index, 'reference', 'file']), message: describeError(error) });
      return null;
    });
    if (columns === null) continue;
    problems.push(...checkModel(model, index, columns), ...checkTargets(config, model, columns));
  }
  return problems;
}

async function readHeader(file: string, openTable: OpenTable): Promise<readonly string[]> {
  const table = await openTable(file);
  // Ends the reading: an open file would be left behind.
  for await (const _ of table.rows) break;
  return table.columns;
}

function checkModel(model: ModelSpec, index: number, columns: readonly string[]): Problem[] {
  const has = `the reference has ${columns.join(', ')}`;
  const mapped = absentColumns(columns, model.columns).map((absent) => ({
    path: formatPath(['models', index, 'columns', absent.slice(0, absent.indexOf(':'))]),
    message: `no such column (${has})`,
  }));
  const listed = (['categorical', 'ignore'] as const).flatMap((key) =>
    model[key].flatMap((column, position) =>
      columns.includes(column)
        ? []
        : [{ path: formatPath(['models', index, key, position]), message: `no column ${column} (${has})` }],
    ),
  );
  return [...mapped, ...listed];
}

function checkTargets(config: Config, model: ModelSpec, columns: readonly string[]): Problem[] {
  const names = columns.flatMap((column) => {
    const use = columnUse(column, model);
    return use.kind === 'monitored' ? [use.name] : [];
  });
  return config.monitors.flatMap((monitor, index) => {
    if (monitor.model !== model.name || monitor.target === '*') return [];
    const unknown = monitor.target.filter((target) => !names.includes(target));
    const path = formatPath(['monitors', index, 'target']);
    return unknown.map((target) => ({
      path,
      message: `${target} is no column of the baseline (it has ${names.join(', ')})`,
    }));
  });
}
