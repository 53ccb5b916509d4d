import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { PSI_FLOOR_DEFINITION } from '../../../lib/core/statistics/psi-floor.ts';
import { METRICS } from '../../../lib/core/statistics/registry.ts';

const text = readFileSync(new URL('../../../docs/statistics.md', import.meta.url), 'utf8');

describe('docs/statistics.md', () => {
  it('names every metric with its definitions and default threshold', () => {
    for (const { metric, definition, computeOnGrid, defaultThreshold } of Object.values(METRICS)) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${metric}\` |`));
      assert.ok(row !== undefined, metric);
      assert.ok(row.includes(`\`${definition}\``) && row.includes(`\`${computeOnGrid!.definition}\``), metric);
      assert.ok(row.endsWith(`| ${defaultThreshold} |`), `${metric}: ${row}`);
    }
  });

  it('names no definition that is not there', () => {
    const known = new Set([PSI_FLOOR_DEFINITION]);
    for (const { definition, computeOnGrid } of Object.values(METRICS))
      known.add(definition).add(computeOnGrid!.definition);
    for (const [, named] of text.matchAll(/`([a-z0-9-]+\/[a-z0-9-]+@\d+)`/g)) assert.ok(known.has(named!), named);
  });
});
