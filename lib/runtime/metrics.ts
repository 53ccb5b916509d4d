import { readFileSync } from 'node:fs';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { assetPath } from './assets.ts';

export type { Registry } from 'prom-client';

/** A registry with Node's process metrics and the release. Every metric of Driftline is listed in docs/metrics.md. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { version } = JSON.parse(readFileSync(assetPath('package.json'), 'utf8')) as { version: string };
  const labels = { version, node: process.versions.node };
  gauge(registry, 'driftline_build_info', 'Release and Node version; always 1', ['version', 'node']).set(labels, 1);
  return registry;
}

type Names<L extends string> = readonly L[];

/** Gets or makes a counter: services that share a process share its metrics. Names end in `_total`. */
export function counter<L extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  labels: Names<L> = [],
): Counter<L> {
  const existing = registry.getSingleMetric(name);
  if (existing instanceof Counter) return existing;
  return new Counter({ name, help, labelNames: labels, registers: [registry] });
}

/** Gets or makes a gauge. */
export function gauge<L extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  labels: Names<L> = [],
): Gauge<L> {
  const existing = registry.getSingleMetric(name);
  if (existing instanceof Gauge) return existing;
  return new Gauge({ name, help, labelNames: labels, registers: [registry] });
}

/** Seconds, from a millisecond to a minute. */
const LATENCY_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];

/** Gets or makes a histogram; names of durations end in `_seconds`. */
export function histogram<L extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  labels: Names<L> = [],
  buckets: readonly number[] = LATENCY_BUCKETS,
): Histogram<L> {
  const existing = registry.getSingleMetric(name);
  if (existing instanceof Histogram) return existing;
  return new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] });
}
