import { setTimeout as sleep } from 'node:timers/promises';
import { StoreQueryError } from '../../lib/ports/store.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import type { Check, DoctorWorld, Finding, Report } from './types.ts';
import { problem, warning } from './types.ts';

/** Whether log and store answer: asked once, for all the checks that need them. */
type Reachable = Readonly<Record<'log' | 'store', Promise<boolean>>>;

const CHECK_MS = 12_000;

/**
 * Makes all checks side by side, each bounded in time, and returns what they found in the order of the list. Never rejects:
 * a check that fails or hangs is a finding itself.
 */
export async function runChecks(
  checks: readonly Check[],
  world: DoctorWorld,
  checkMs: number = CHECK_MS,
): Promise<Report[]> {
  const reachable = { log: answers(world.log?.cluster()), store: answers(world.store?.client.ping()) };
  const found = await Promise.all(checks.map((check) => runOne(check, world, reachable, checkMs)));
  return found.flatMap((findings, index) =>
    findings.map((finding) => ({ check: checks[index]?.name ?? '', ...finding })),
  );
}

/** A store that refuses a database or table which is not there has answered. */
async function answers(question: Promise<unknown> | undefined): Promise<boolean> {
  if (question === undefined) return false;
  return question.then(() => true, isMissingTable);
}

/** Told by the check `schema`, with what to do. */
function isMissingTable(error: unknown): boolean {
  return error instanceof StoreQueryError && /^UNKNOWN_(DATABASE|TABLE)$/.test(error.type);
}

async function runOne(check: Check, world: DoctorWorld, reachable: Reachable, ms: number): Promise<Finding[]> {
  const abort = new AbortController();
  const timeout = sleep(ms, 'late' as const, { signal: abort.signal }).catch(() => 'late' as const);
  try {
    const result = await Promise.race([whenReachable(check, world, reachable), timeout]);
    if (result !== 'late') return result;
    return [problem(`no answer within ${ms / 1000} s`, 'see what broker and store say; then run the doctor again')];
  } catch (error) {
    if (isMissingTable(error)) return [warning('not checked: tables are missing', 'run `driftline migrate` first')];
    return [problem(`could not be checked: ${describeError(error)}`, 'mend what the message names, and run it again')];
  } finally {
    abort.abort();
  }
}

async function whenReachable(check: Check, world: DoctorWorld, reachable: Reachable): Promise<Finding[]> {
  for (const need of check.needs) {
    if (world[need] === null) return [];
    if (!(await reachable[need]))
      return [warning(`not checked: the ${need} does not answer`, `mend the ${need} first, then run the doctor again`)];
  }
  return check.run(world);
}
