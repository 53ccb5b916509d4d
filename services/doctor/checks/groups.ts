import type { GroupFacts, LogInspector, TopicFacts } from '../../../lib/ports/log-inspector.ts';
import { formatSpan, listPartitions } from '../format.ts';
import { type ConsumerGroup, consumerGroups } from '../groups.ts';
import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, problem, warning } from '../types.ts';

/** Committed offsets against the log: how far behind each service is, and whether what it has not read is about to go. */
export const groupsCheck: Check = { name: 'consumers', needs: ['log'], run: inspect };

/** Warn when this share of the retention is left. */
const SHARE_LEFT = 0.25;

async function inspect(world: DoctorWorld): Promise<Finding[]> {
  const { log, config } = world;
  if (log === null) return [];
  const found = await Promise.all(consumerGroups(config).map((group) => inspectGroup(world, log, group)));
  return found.flat();
}

async function inspectGroup(world: DoctorWorld, log: LogInspector, group: ConsumerGroup): Promise<Finding[]> {
  const facts = await log.group(group.name);
  const topics = (await Promise.all(group.topics.map((name) => log.topic(name)))).filter((topic) => topic !== null);
  const perTopic = await Promise.all(topics.map((topic) => inspectTopic(world, log, group, facts, topic)));
  return [...memberFindings(group, facts), ...perTopic.flat()];
}

function memberFindings({ service, name }: ConsumerGroup, { members, state }: GroupFacts): Finding[] {
  if (members === 0)
    return [warning(`no ${service} is running (group ${name}: ${state})`, `start \`driftline ${service}\``)];
  const found = `${name}: ${members} member${members === 1 ? '' : 's'}, ${state}`;
  if (state === 'Stable') return [ok(found)];
  return [warning(found, 'members join or leave; where this lasts, see the services’ logs')];
}

interface Place {
  partition: number;
  beginning: number;
  end: number;
  committed: number | null;
}

async function inspectTopic(
  world: DoctorWorld,
  log: LogInspector,
  group: ConsumerGroup,
  facts: GroupFacts,
  topic: TopicFacts,
): Promise<Finding[]> {
  const committed = facts.committed.get(topic.name);
  const places = topic.partitions.flatMap(({ partition, beginning, end }): Place[] =>
    beginning === null || end === null
      ? []
      : [{ partition, beginning, end, committed: committed?.get(partition) ?? null }],
  );
  const what = `${group.name} on ${topic.name}`;
  const findings = [...beyondEnd(what, places), ...belowBeginning(what, places)];
  const nearing = await nearingRetention(world, log, topic, places);
  if (nearing.length > 0) {
    const kept = formatSpan(Number(topic.settings['retention.ms']));
    const message = `${what}: unread records of ${listPartitions(nearing)} have less than a quarter of ${kept} left`;
    findings.push(
      problem(message, `start more of \`driftline ${group.service}\`, or raise retention.ms of the topic now`),
    );
  }
  return [...findings, lagFinding(what, places)];
}

function lagFinding(what: string, places: readonly Place[]): Finding {
  const unread = places.reduce(
    (sum, { beginning, end, committed }) => sum + end - Math.max(beginning, committed ?? 0),
    0,
  );
  const never = places.filter(({ committed, end, beginning }) => committed === null && end > beginning);
  const note = never.length === 0 ? '' : `; nothing committed yet on ${listPartitions(never.map((p) => p.partition))}`;
  return ok(`${what}: ${unread} offsets after the committed ones${note}`);
}

/** Someone reset offsets, or the topic was made again or truncated. */
function beyondEnd(what: string, places: readonly Place[]): Finding[] {
  const wrong = places.filter(({ committed, end }) => committed !== null && committed > end);
  return wrong.map(({ partition, committed, end }) =>
    problem(
      `${what}: partition ${partition} is committed at ${committed}, but the log ends at ${end}`,
      'stop the service, reset the offset (kafka-consumer-groups --reset-offsets --to-latest) and see the runbook DriftlinePartitionHalted',
    ),
  );
}

function belowBeginning(what: string, places: readonly Place[]): Finding[] {
  const gone = places.filter(({ committed, beginning }) => committed !== null && committed < beginning);
  return gone.map(({ partition, committed, beginning }) =>
    warning(
      `${what}: partition ${partition} is committed at ${committed}, but the log begins at ${beginning}`,
      'what lies between is gone unless rows cover it: see `SELECT * FROM losses`, and the check `restart`',
    ),
  );
}

/** Partitions whose first unread record is older than three quarters of the retention. */
async function nearingRetention(
  world: DoctorWorld,
  log: LogInspector,
  topic: TopicFacts,
  places: readonly Place[],
): Promise<number[]> {
  const retention = Number(topic.settings['retention.ms'] ?? -1);
  const unread = places.filter(({ committed, end }) => committed !== null && committed < end);
  if (retention <= 0 || unread.length === 0) return [];
  const old = await log.offsetsAt(topic.name, world.now() - retention * (1 - SHARE_LEFT));
  return unread
    .filter(({ partition, committed, beginning }) => Math.max(committed ?? 0, beginning) < (old.get(partition) ?? 0))
    .map(({ partition }) => partition);
}
