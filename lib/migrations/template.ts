/** Where the tables go. `cluster`: replicated tables, statements sent ON CLUSTER. */
export interface MigrationTarget {
  database: string;
  cluster?: { name: string };
}

/** Statements of a migration file: comments between statements are dropped, quoted semicolons kept. */
export function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let current = '';
  for (const token of text.match(TOKENS) ?? []) {
    if (token.startsWith('--') || token.startsWith('/*')) current += ' ';
    else if (token !== ';') current += token;
    else {
      statements.push(current.trim());
      current = '';
    }
  }
  return [...statements, current.trim()].filter((statement) => statement !== '');
}

const TOKENS = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|;|[^;'"`/-]+|[/-]/g;

/** Fills `{{on_cluster}}` and `{{engine X(args)}}`. Throws on any other or unfinished placeholder. */
export function fillTemplate(statement: string, target: MigrationTarget): string {
  const filled = statement
    .replaceAll('{{on_cluster}}', onCluster(target))
    .replace(/\{\{engine\s+(\w+)(?:\((.*?)\))?\s*\}\}/g, (_, engine: string, args: string | undefined) =>
      fillEngine(engine, args ?? '', tableName(statement), target),
    );
  const left = /\{\{.*?(\}\}|$)/.exec(filled);
  if (left !== null) throw new Error(`unknown placeholder ${left[0]} in a migration`);
  return filled;
}

export function onCluster({ cluster }: MigrationTarget): string {
  return cluster === undefined ? '' : `ON CLUSTER '${cluster.name.replaceAll("'", "\\'")}'`;
}

/** On a cluster each table has a path of its own in the keeper, and each node its replica, by the server's macros. */
export function fillEngine(engine: string, args: string, table: string, target: MigrationTarget): string {
  if (target.cluster === undefined) return args === '' ? engine : `${engine}(${args})`;
  const path = `'/clickhouse/tables/{shard}/${target.database}/${table}', '{replica}'`;
  return `Replicated${engine}(${args === '' ? path : `${path}, ${args}`})`;
}

function tableName(statement: string): string {
  const match = /CREATE TABLE (?:IF NOT EXISTS )?`?(\w+)`?/i.exec(statement);
  if (match?.[1] === undefined) throw new Error('{{engine …}} stands outside a CREATE TABLE');
  return match[1];
}
