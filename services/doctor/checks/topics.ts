import { TOPICS } from '../../../lib/core/messages/types.ts';
import type { LogInspector, PartitionFacts, TopicFacts } from '../../../lib/ports/log-inspector.ts';
import { formatBytes, formatSpan, listPartitions } from '../format.ts';
import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, problem, warning } from '../types.ts';

/** Each topic: there, led, copied, with settings that the promise can be kept under. */
export const topicsCheck: Check = { name: 'topics', needs: ['log'], run: inspect };

/** Kafka's own default of max.message.bytes. */
const USUAL_MESSAGE = 1_048_588;
/** An alert or a batch that is deleted before a service that was down for a weekend reads it is lost. */
const LEAST_RETENTION_MS = 3 * 86_400_000;

async function inspect({ config, log }: DoctorWorld): Promise<Finding[]> {
  if (log === null || config.log.kind !== 'kafka') return [];
  const { nodes } = await log.cluster();
  const partitions = config.log.partitions;
  const found = await Promise.all(
    Object.values(TOPICS).map((name) => inspectTopic(log, name, partitions, nodes.length)),
  );
  return found.flat();
}

async function inspectTopic(log: LogInspector, name: string, wanted: number, nodes: number): Promise<Finding[]> {
  const topic = await log.topic(name);
  if (topic === null)
    return [problem(`topic ${name} does not exist`, 'run `driftline migrate` with this configuration')];
  const findings = [
    ...leaderFindings(topic),
    ...copyFindings(topic, nodes),
    ...settingFindings(topic),
    ...countFindings(topic, wanted),
  ];
  return findings.some(({ level }) => level !== 'ok') ? findings : [ok(describe(topic))];
}

function describe({ name, partitions, settings }: TopicFacts): string {
  const copies = Math.min(...partitions.map(({ replicas }) => replicas.length));
  const records = partitions.reduce((sum, { beginning, end }) => sum + (end ?? 0) - (beginning ?? 0), 0);
  return `${name}: ${partitions.length} partitions, replication ${copies}, kept ${retention(settings)}, ${records} offsets`;
}

function retention(settings: TopicFacts['settings']): string {
  const ms = Number(settings['retention.ms'] ?? -1);
  return ms < 0 ? 'without a limit of age' : formatSpan(ms);
}

function leaderFindings({ name, partitions }: TopicFacts): Finding[] {
  const without = numbers(partitions.filter(({ leader, end }) => leader < 0 || end === null));
  if (without.length === 0) return [];
  const message = `${name}: nobody leads ${listPartitions(without)}: they can be neither read nor written`;
  return [problem(message, 'bring back the brokers that hold them; see the brokers’ logs')];
}

function copyFindings({ name, partitions, settings }: TopicFacts, nodes: number): Finding[] {
  const copies = Math.min(...partitions.map(({ replicas }) => replicas.length));
  const least = Number(settings['min.insync.replicas'] ?? 1);
  const behind = numbers(partitions.filter(({ replicas, inSync }) => inSync.length < replicas.length));
  const findings: Finding[] = [];
  if (least > copies) {
    const message = `${name}: min.insync.replicas is ${least}, but there are ${copies} copies: nothing can be written`;
    findings.push(problem(message, 'lower min.insync.replicas or add replicas (kafka-reassign-partitions)'));
  }
  if (behind.length > 0)
    findings.push(warning(`${name}: copies of ${listPartitions(behind)} are behind`, 'see the brokers’ logs'));
  if (nodes < 2) return findings;
  if (copies < 2) {
    const message = `${name}: replication factor ${copies} on ${nodes} brokers: one lost disk loses events`;
    findings.push(warning(message, 'raise it to 3 with kafka-reassign-partitions; new topics: log.replication'));
  } else if (least < 2) {
    const message = `${name}: min.insync.replicas is ${least}: a write is acknowledged by one broker alone`;
    findings.push(warning(message, 'set it to 2: kafka-configs --alter --add-config min.insync.replicas=2'));
  }
  return findings;
}

function settingFindings({ name, settings }: TopicFacts): Finding[] {
  const alter = (value: string): string =>
    `kafka-configs --alter --entity-type topics --entity-name ${name} --add-config ${value}`;
  const findings: Finding[] = [];
  if (settings['cleanup.policy']?.includes('compact')) {
    const message = `${name}: cleanup.policy is ${settings['cleanup.policy']}: compaction removes events that share a key`;
    findings.push(problem(message, alter('cleanup.policy=delete')));
  }
  const ms = Number(settings['retention.ms'] ?? -1);
  if (ms >= 0 && ms < LEAST_RETENTION_MS) {
    const message = `${name}: records are kept ${formatSpan(ms)}: what is not read in that time is lost`;
    findings.push(warning(message, alter('retention.ms=604800000')));
  }
  const bytes = Number(settings['retention.bytes'] ?? -1);
  if (bytes >= 0) {
    const message = `${name}: retention.bytes is ${formatBytes(bytes)} a partition: a burst deletes records before their time`;
    findings.push(warning(message, alter('retention.bytes=-1')));
  }
  const largest = Number(settings['max.message.bytes'] ?? USUAL_MESSAGE);
  if (largest < USUAL_MESSAGE) {
    const message = `${name}: max.message.bytes is ${formatBytes(largest)}: larger events and batches are refused`;
    findings.push(warning(message, alter(`max.message.bytes=${USUAL_MESSAGE}`)));
  }
  return [...findings, ...stampFindings(name, settings)];
}

/** Lateness and completeness go by the record's own time stamp. */
function stampFindings(name: string, settings: TopicFacts['settings']): Finding[] {
  const type = settings['message.timestamp.type'] ?? 'CreateTime';
  if (name !== TOPICS.predictions || type === 'CreateTime' || type === 'LogAppendTime') return [];
  return [warning(`${name}: message.timestamp.type is ${type}, unknown to this release`, 'use CreateTime')];
}

function countFindings({ name, partitions }: TopicFacts, wanted: number): Finding[] {
  if (partitions.length === wanted) return [];
  const message = `${name} has ${partitions.length} partitions, log.partitions is ${wanted}`;
  if (partitions.length > wanted) return [ok(`${message}: existing topics keep theirs`)];
  return [warning(message, 'existing topics keep theirs; to grow one: kafka-topics --alter --partitions N')];
}

function numbers(partitions: readonly PartitionFacts[]): number[] {
  return partitions.map(({ partition }) => partition);
}
