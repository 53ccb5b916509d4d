import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { OpenTable } from '../../lib/ports/table-file.ts';
import { generateConfig } from '../../lib/registry/generate-config.ts';
import { DEMO_MODELS } from './streams.ts';

export interface DemoPorts {
  http: number;
  sql: number;
}

/**
 * Writes the demo's configuration, monitors generated from the references alone, to `dataDir`/driftline.yaml and returns
 * its path: a file one can read, change and start `driftline standalone` with.
 */
export async function writeDemoConfig(
  input: string,
  dataDir: string,
  ports: DemoPorts,
  openTable: OpenTable,
): Promise<string> {
  const parts: GeneratedConfig[] = [];
  for (const model of DEMO_MODELS) {
    const yaml = await generateConfig(
      {
        model: model.name,
        reference: join(input, model.reference.file),
        referenceName: model.reference.name,
        columns: model.columns,
        categorical: [],
        ignore: model.ignore,
        timezone: 'UTC',
      },
      openTable,
    );
    parts.push(parse(yaml) as GeneratedConfig);
  }
  const config = {
    data_dir: dataDir,
    http: { host: '127.0.0.1', port: ports.http },
    sql: { host: '127.0.0.1', port: ports.sql },
    models: parts.flatMap((part) => part.models),
    monitors: parts.flatMap((part) => part.monitors),
  };
  const file = join(dataDir, 'driftline.yaml');
  await writeFile(file, stringify(config, { lineWidth: 0 }));
  return file;
}

interface GeneratedConfig {
  models: object[];
  monitors: object[];
}
