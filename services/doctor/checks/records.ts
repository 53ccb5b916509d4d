import { deliveriesByState, recentLosses } from '../../../lib/tables/health.ts';
import { formatSpan } from '../format.ts';
import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, warning } from '../types.ts';

/** What Driftline itself has written down as gone wrong: events left out, pages not delivered. */
export const recordsCheck: Check = { name: 'records', needs: ['store'], run: inspect };

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** A delivery that waits longer is not between two attempts of a healthy channel. */
const PENDING_MS = 600_000;

async function inspect({ store, now }: DoctorWorld): Promise<Finding[]> {
  if (store === null) return [];
  const [losses, deliveries] = await Promise.all([
    recentLosses(store.client, now() - DAY_MS),
    deliveriesByState(store.client, now() - WEEK_MS),
  ]);
  const findings = losses.map(({ reason, events, partitions }) =>
    warning(
      `${events} events left out in the last day, reason ${reason}, on ${partitions} partitions`,
      'SELECT * FROM losses; reasons are explained in docs/topics-and-views.md',
    ),
  );
  for (const { channel, state, notices, oldestMs } of deliveries) {
    const waited = now() - oldestMs;
    if (state === 'parked')
      findings.push(
        warning(
          `${notices} notices to ${channel} refused for good in the last week`,
          "SELECT * FROM deliveries WHERE state = 'parked'; see docs/runbooks/DriftlineDeliveriesParked.md",
        ),
      );
    if (state === 'pending' && waited > PENDING_MS)
      findings.push(
        warning(
          `${notices} notices to ${channel} wait, the oldest for ${formatSpan(waited)}`,
          'see the check `channels` and docs/runbooks/DriftlineDeliveriesPending.md',
        ),
      );
  }
  return findings.length > 0 ? findings : [ok('no events left out in the last day, every notice delivered')];
}
