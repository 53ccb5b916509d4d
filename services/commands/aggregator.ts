import type { Command } from 'commander';
import { createAggregator } from '../aggregator/index.ts';
import { registerService } from './distributed.ts';

export function register(program: Command): void {
  registerService(program, {
    name: 'aggregator',
    description: 'reads prediction events and writes mergeable sketches of every window',
    port: 8081,
    registers: true,
    create: (ctx) => createAggregator(ctx),
  });
}
