import { TOPICS } from '../../../lib/core/messages/types.ts';
import { serverFacts } from '../../../lib/tables/server.ts';
import { formatSpan, listPartitions } from '../format.ts';
import { askPagerDuty } from '../pagerduty.ts';
import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, problem, warning } from '../types.ts';

/** This machine's clock against the store's and a channel's, and the log's time stamps against this machine's clock. */
export const clocksCheck: Check = { name: 'clocks', needs: [], run: inspect };

const WARNING_MS = 2_000;
const PROBLEM_MS = 60_000;
/** An HTTP Date tells whole seconds. */
const DATE_STEP_MS = 1_000;

interface Reading {
  whose: string;
  /** Theirs minus ours, and how far that may be wrong, ms. */
  ahead: number;
  uncertainty: number;
}

async function inspect(world: DoctorWorld): Promise<Finding[]> {
  // Who does not answer is told by the checks of store, channels and broker.
  const readings = await Promise.all([readStore(world).catch(() => null), readChannel(world).catch(() => null)]);
  const stamps = await futureStamps(world).catch(() => []);
  return [...readings.flatMap((reading) => (reading === null ? [] : [judge(reading)])), ...stamps];
}

async function readStore({ store, now }: DoctorWorld): Promise<Reading | null> {
  if (store === null) return null;
  // The first question also opens the connection.
  await store.client.ping();
  const before = now();
  const { now: theirs } = await serverFacts(store.client);
  return reading("the store's clock", theirs, before, now(), 0);
}

async function readChannel({ config, fetch, now }: DoctorWorld): Promise<Reading | null> {
  if (config.pagerduty === null) return null;
  const before = now();
  const { date } = await askPagerDuty(config.pagerduty.baseUrl, fetch, now);
  if (date === null) return null;
  return reading("PagerDuty's clock", date + DATE_STEP_MS / 2, before, now(), DATE_STEP_MS / 2);
}

function reading(whose: string, theirs: number, before: number, after: number, step: number): Reading {
  return { whose, ahead: theirs - (before + after) / 2, uncertainty: (after - before) / 2 + step };
}

function judge({ whose, ahead, uncertainty }: Reading): Finding {
  const certain = Math.max(0, Math.abs(ahead) - uncertainty);
  const direction = ahead < 0 ? 'behind' : 'ahead of';
  const message = `${whose} is ${formatSpan(Math.abs(ahead))} ${direction} this machine's (± ${formatSpan(uncertainty)})`;
  const action = 'synchronize both clocks (chrony, systemd-timesyncd): `timedatectl` tells which is wrong';
  if (certain > PROBLEM_MS) return problem(message, action);
  return certain > WARNING_MS
    ? warning(message, action)
    : ok(`${whose} agrees within ${formatSpan(Math.abs(ahead) + uncertainty)}`);
}

/** Records stamped later than now by more than the allowed skew: they hold lateness and watermarks ahead of time. */
async function futureStamps({ log, config, now }: DoctorWorld): Promise<Finding[]> {
  const topic = await log?.topic(TOPICS.predictions);
  if (!log || !topic) return [];
  const { futureSkewMs } = config.aggregation;
  const later = await log.offsetsAt(topic.name, now() + futureSkewMs);
  const ahead = topic.partitions.filter(({ partition, end }) => (later.get(partition) ?? 0) < (end ?? 0));
  if (ahead.length === 0) return [ok('no event of the log is stamped in the future')];
  const names = listPartitions(ahead.map(({ partition }) => partition));
  return [
    warning(
      `${names} of ${topic.name} hold records stamped more than ${formatSpan(futureSkewMs)} after now`,
      "a producer's or a broker's clock is ahead: windows complete too early; set the clock right, or message.timestamp.type=LogAppendTime",
    ),
  ];
}
