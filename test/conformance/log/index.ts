import { after, afterEach, before, describe } from 'node:test';
import { appendTests } from './append.ts';
import { LogContext, type OpenLog } from './context.ts';
import { groupTests } from './groups.ts';

/** The suite every implementation of the log port passes. */
export function logConformance(name: string, open: () => Promise<OpenLog>): void {
  describe(`log conformance: ${name}`, () => {
    const context = new LogContext();
    before(() => context.open(open));
    afterEach(() => context.closeConsumers());
    after(() => context.close());
    appendTests(context);
    groupTests(context);
  });
}
