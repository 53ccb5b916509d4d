import { loadConfig } from '../../lib/runtime/config/index.ts';
import type { Config } from '../../lib/runtime/config/types.ts';

export interface ConfigChanges extends Partial<Omit<Config, 'aggregation'>> {
  /** Of the embedded log. */
  partitions?: number;
  aggregation?: Partial<Config['aggregation']>;
}

/** The shipped defaults with these changes; everything embedded, free ports, no data directory. */
export function configWith({ partitions = 1, aggregation = {}, ...changes }: ConfigChanges = {}): Config {
  const defaults = loadConfig({ env: {}, flags: { 'http.port': 0, 'sql.port': 0 } });
  return {
    ...defaults,
    log: { kind: 'embedded', partitions, encoding: 'json' },
    dataDir: '',
    ...changes,
    aggregation: { ...defaults.aggregation, ...aggregation },
  };
}
