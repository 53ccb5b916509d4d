import type { Command } from 'commander';
import { createNotifier } from '../notifier/index.ts';
import { openChannels } from '../wiring.ts';
import { registerService } from './distributed.ts';
import { retryParkedOption } from './options.ts';

export function register(program: Command): void {
  registerService(program, {
    name: 'notifier',
    description: 'turns alerts into incidents and tells the channels (PagerDuty)',
    port: 8083,
    registers: false,
    flags: retryParkedOption,
    create: (ctx, { retryParked = false }) => createNotifier(ctx, openChannels(ctx.config), { retryParked }),
  });
}
