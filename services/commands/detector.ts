import type { Command } from 'commander';
import { createDetector } from '../detector/index.ts';
import { registerService } from './distributed.ts';

export function register(program: Command): void {
  registerService(program, {
    name: 'detector',
    description: 'tests completed windows against their baselines and publishes alerts',
    port: 8082,
    registers: true,
    create: createDetector,
  });
}
