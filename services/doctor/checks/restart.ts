import { TOPICS } from '../../../lib/core/messages/types.ts';
import type { LogInspector, TopicFacts } from '../../../lib/ports/log-inspector.ts';
import { formatSpan, listPartitions } from '../format.ts';
import { consumerGroups } from '../groups.ts';
import type { Check, DoctorWorld, Finding, Lost, NextStart, Place } from '../types.ts';
import { ok, problem, warning } from '../types.ts';

/** Manifests against the log: where an aggregator that starts now would begin, and how long that stays possible. */
export const restartCheck: Check = { name: 'restart', needs: ['log', 'store'], run: inspect };

const HOUR_MS = 3_600_000;
/** Warn when this share of the retention is left to the first record of an open chunk. */
const SHARE_LEFT = 0.25;
/** Questions to the store at one time. */
const AT_ONCE = 8;

interface Forecast extends Place {
  start: NextStart;
}

async function inspect(world: DoctorWorld): Promise<Finding[]> {
  const { log, config } = world;
  const [aggregator] = consumerGroups(config);
  const group = await log?.group(aggregator?.name ?? '');
  const topic = await log?.topic(TOPICS.predictions);
  if (!log || !group || !topic) return [];
  const committed = group.committed.get(topic.name);
  const places = topic.partitions.flatMap(({ partition, beginning, end }): Place[] =>
    beginning === null || end === null
      ? []
      : [
          {
            topic: topic.name,
            incarnation: topic.incarnation,
            partition,
            beginning,
            end,
            committed: committed?.get(partition) ?? null,
          },
        ],
  );
  const forecasts = await forecast(world, places);
  const halted = haltFindings(forecasts);
  const rest = [...lossFindings(forecasts), ...(await retentionFindings(world, log, topic, forecasts))];
  if (halted.length > 0) return [...halted, ...rest];
  return [ok(`a restart would read on, ${rereads(forecasts)} offsets again`), ...rest];
}

async function forecast(world: DoctorWorld, places: readonly Place[]): Promise<Forecast[]> {
  const forecasts: Forecast[] = [];
  for (let first = 0; first < places.length; first += AT_ONCE) {
    const some = places.slice(first, first + AT_ONCE);
    forecasts.push(
      ...(await Promise.all(some.map(async (place) => ({ ...place, start: await world.nextStart(place) })))),
    );
  }
  return forecasts;
}

function rereads(forecasts: readonly Forecast[]): number {
  return forecasts.reduce(
    (sum, { start, end }) => sum + (start.kind === 'read' ? Math.max(0, end - start.offset) : 0),
    0,
  );
}

function haltFindings(forecasts: readonly Forecast[]): Finding[] {
  return forecasts.flatMap(({ partition, start }) =>
    start.kind === 'halt'
      ? [
          problem(
            `partition ${partition} would halt: ${start.reason}`,
            'see docs/runbooks/DriftlinePartitionHalted.md; its events wait in the log meanwhile',
          ),
        ]
      : [],
  );
}

function lossFindings(forecasts: readonly Forecast[]): Finding[] {
  return forecasts.flatMap(({ partition, start }) =>
    start.kind === 'read' && start.gap !== null && start.gap.end > start.gap.first
      ? [lossFinding(partition, start.offset, start.gap)]
      : [],
  );
}

function lossFinding(partition: number, offset: number, { reason, first, end }: Lost): Finding {
  if (reason === 'log_truncated') {
    return warning(
      `partition ${partition}: the log lost what was counted from offset ${first} up to ${end} (an unclean leader election)`,
      `rows stay, the loss will be declared in the view \`losses\`, and reading goes on at ${offset} under a new incarnation; set unclean.leader.election.enable=false`,
    );
  }
  if (reason === 'before_committed_offset') {
    return warning(
      `partition ${partition}: ${end - first} offsets before the committed one, ${offset}, would not be counted`,
      'they will be declared in the view `losses`; to count them, reset the offsets of the group to the beginning',
    );
  }
  return warning(
    `partition ${partition}: ${end - first} offsets before ${offset} cannot be read any more`,
    'they will be declared in the view `losses`; raise retention.ms so that it does not happen again',
  );
}

/** How old the first record is that a restart needs, and whether chunks fill before the log forgets them. */
async function retentionFindings(
  world: DoctorWorld,
  log: LogInspector,
  topic: TopicFacts,
  forecasts: readonly Forecast[],
): Promise<Finding[]> {
  const retention = Number(topic.settings['retention.ms'] ?? -1);
  if (retention <= 0) return [ok('the log has no limit of age: open chunks can always be read again')];
  const open = forecasts.filter(({ start, end }) => start.kind === 'read' && start.offset < end);
  const [old, hourAgo] = await Promise.all([
    log.offsetsAt(topic.name, world.now() - retention * (1 - SHARE_LEFT)),
    log.offsetsAt(topic.name, world.now() - Math.min(HOUR_MS, retention)),
  ]);
  return [
    ...nearFinding(
      open.filter(({ start, partition }) => startOf(start) < (old.get(partition) ?? 0)),
      retention,
    ),
    lifeFinding(world, forecasts, hourAgo, retention),
  ];
}

function startOf(start: NextStart): number {
  return start.kind === 'read' ? start.offset : Number.POSITIVE_INFINITY;
}

function nearFinding(near: readonly Forecast[], retention: number): Finding[] {
  if (near.length === 0) return [];
  const names = listPartitions(near.map(({ partition }) => partition));
  return [
    warning(
      `the open chunks of ${names} began when less than a quarter of the retention (${formatSpan(retention)}) was left`,
      'raise retention.ms of the topic, or lower aggregation.chunk_age or aggregation.chunk_size; see docs/runbooks/DriftlineOpenChunkNearsRetention.md',
    ),
  ];
}

/** How long a chunk lives: until it is full, at the rate of the last hour on the slowest partition that moves, or too old. */
function lifeFinding(
  { config }: DoctorWorld,
  forecasts: readonly Forecast[],
  hourAgo: ReadonlyMap<number, number>,
  retention: number,
): Finding {
  const { chunkSize, chunkAgeMs } = config.aggregation;
  const period = Math.min(HOUR_MS, retention);
  const rates = forecasts
    .map(({ partition, end }) => (end - (hourAgo.get(partition) ?? end)) / period)
    .filter((rate) => rate > 0);
  const fillMs = rates.length === 0 ? Number.POSITIVE_INFINITY : chunkSize / Math.min(...rates);
  const filling = rates.length === 0 ? '' : `takes up to ${formatSpan(fillMs)} to fill and `;
  const message = `a chunk of ${chunkSize} offsets ${filling}ends after ${formatSpan(chunkAgeMs)} at the latest, the log keeps ${formatSpan(retention)}`;
  const kept = retention * (1 - SHARE_LEFT);
  if (Math.min(fillMs, chunkAgeMs) <= kept) return ok(message);
  const age = `set aggregation.chunk_age to ${Math.max(1, Math.floor(kept / 1_000))}s or less`;
  return warning(message, `${age}, or raise retention.ms of the topic`);
}
