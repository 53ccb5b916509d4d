import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterFacts, LogInspector, TopicFacts } from '../../../lib/ports/log-inspector.ts';
import type { Row, Store } from '../../../lib/ports/store.ts';
import { loadConfig } from '../../../lib/runtime/config/index.ts';
import { CHECKS } from '../../../services/doctor/checks/index.ts';
import { formatText, worstLevel } from '../../../services/doctor/report.ts';
import { runChecks } from '../../../services/doctor/run.ts';
import type { DoctorWorld, Machine, Report } from '../../../services/doctor/types.ts';

const NOW = Date.UTC(2026, 0, 1);
const env = { DRIFTLINE_LOG_BROKERS: 'a:9092,b:9092,c:9092', DRIFTLINE_STORE_URL: 'http://store:8123' };
const MACHINE: Machine = {
  nodeVersion: '20.20.0',
  minNodeVersion: '20.19.4',
  threadPool: '24',
  memoryBytes: 2 ** 31,
  heapBytes: 2 ** 30,
};

/** Answers by the table a query reads; what is not listed is empty. */
function fakeStore(tables: Readonly<Record<string, readonly Row[]>>): Store {
  const query = async <T>(sql: string): Promise<T[]> => {
    const name = Object.keys(tables).find((table) => new RegExp(`\\b${table}\\b`).test(sql));
    return (name === undefined ? [] : tables[name]) as T[];
  };
  const nothing = async (): Promise<void> => {};
  return {
    database: 'driftline',
    query,
    queryNative: async () => [],
    insert: nothing,
    insertNative: nothing,
    command: nothing,
    ping: nothing,
    close: nothing,
  };
}

function fakeLog(changes: Partial<LogInspector> = {}): LogInspector {
  const cluster: ClusterFacts = {
    id: 'c',
    controller: 1,
    nodes: [1, 2, 3].map((id) => ({ id, address: `n${id}:9092` })),
  };
  return {
    cluster: async () => cluster,
    topic: async (name) => topicOf(name),
    group: async (group) => ({ group, state: 'Stable', members: 1, committed: new Map() }),
    offsetsAt: async () => new Map(),
    epochEnd: async () => null,
    close: async () => {},
    ...changes,
  };
}

function topicOf(name: string, partition: Partial<TopicFacts['partitions'][number]> = {}): TopicFacts {
  const first = {
    partition: 0,
    leader: 1,
    replicas: [1, 2, 3],
    inSync: [1, 2, 3],
    beginning: 0,
    end: 10,
    ...partition,
  };
  return { name, incarnation: 'i', partitions: [first], settings: { 'min.insync.replicas': '2' } };
}

function world(changes: Partial<DoctorWorld>): DoctorWorld {
  return {
    config: loadConfig({ env: { ...env, DRIFTLINE_LOG_PARTITIONS: '1' } }),
    now: () => NOW,
    log: null,
    store: null,
    migrations: [],
    nextStart: async () => ({ kind: 'read', offset: 0, gap: null }),
    fetch: () => Promise.reject(new Error('no network here')),
    embedded: async () => null,
    machine: MACHINE,
    ...changes,
  };
}

async function told(check: string, changes: Partial<DoctorWorld>): Promise<string[]> {
  const one = CHECKS.filter(({ name }) => name === check);
  return (await runChecks(one, world(changes))).map(({ level, message }) => `${level}: ${message}`);
}

const storeWith = (tables: Readonly<Record<string, readonly Row[]>>): DoctorWorld['store'] => ({
  client: fakeStore(tables),
  readOnly: false,
  address: 'http://store:8123',
});

test('machine: an old Node, little memory, a heap larger than the memory', async () => {
  const machine = { ...MACHINE, nodeVersion: '20.9.0', memoryBytes: 512 * 2 ** 20 };
  const found = await told('process', { machine });
  assert.match(found[0] ?? '', /^problem: Node 20\.9\.0 is older than 20\.19\.4/);
  assert.match(found[1] ?? '', /^warning: memory limit 512 MiB/);
  const heap = await told('process', { machine: { ...MACHINE, heapBytes: 2 ** 32 } });
  assert.match(heap[1] ?? '', /^warning: .*may outgrow the memory/);
});

test('several brokers: one copy, a write acknowledged by one, copies behind, nobody leading', async () => {
  const alone = { 'min.insync.replicas': '1' };
  const topics: Record<string, TopicFacts> = {
    'driftline.predictions': topicOf('driftline.predictions', { replicas: [1], inSync: [1] }),
    'driftline.labels': { ...topicOf('driftline.labels'), settings: alone },
    'driftline.windows': topicOf('driftline.windows', { inSync: [1, 2] }),
    'driftline.alerts': topicOf('driftline.alerts', { leader: -1, beginning: null, end: null }),
  };
  topics['driftline.predictions'] = { ...topicOf('x'), ...topics['driftline.predictions'], settings: alone };
  const found = await told('topics', { log: fakeLog({ topic: async (name) => topics[name] ?? topicOf(name) }) });
  assert.match(found.join('\n'), /warning: driftline\.predictions: replication factor 1 on 3 brokers/);
  assert.match(found.join('\n'), /warning: driftline\.labels: min\.insync\.replicas is 1/);
  assert.match(found.join('\n'), /warning: driftline\.windows: copies of partition 0 are behind/);
  assert.match(found.join('\n'), /problem: driftline\.alerts: nobody leads partition 0/);
  assert.match(found.join('\n'), /ok: driftline\.dead-letters: 1 partitions, replication 3/);
});

test('storage: a full disk and a table near its limit of parts', async () => {
  const disk = { name: 'default', path: '/d', freeBytes: 20 * 2 ** 30, totalBytes: 1000 * 2 ** 30 };
  const part = { table: 'chunk_rows', parts: 2800, limit: 3000, rows: 1, bytes: 1 };
  const half = { ...part, table: 'score_window_rows', parts: 1500 };
  const found = await told('storage', { store: storeWith({ 'system.disks': [disk], 'system.parts': [part, half] }) });
  assert.deepEqual(found, [
    'problem: disk default (/d): 20.0 GiB of 1000 GiB free (2 %)',
    'problem: chunk_rows: 2800 parts, inserts are refused at 3000',
    'warning: score_window_rows: 1500 parts, inserts are refused at 3000',
  ]);
});

test('records: losses, refused notices, and only what has waited long', async () => {
  const losses = [{ reason: 'log_trimmed', events: 12, partitions: 2 }];
  const waiting = { channel: 'pagerduty', state: 'pending', notices: 1, oldestMs: NOW - 60_000 };
  const deliveries = [
    { ...waiting, state: 'parked', notices: 3 },
    waiting,
    { ...waiting, channel: 'slack', oldestMs: NOW - 3_600_000 },
  ];
  const found = await told('records', { store: storeWith({ loss_rows: losses, delivery_rows: deliveries }) });
  assert.deepEqual(found, [
    'warning: 12 events left out in the last day, reason log_trimmed, on 2 partitions',
    'warning: 3 notices to pagerduty refused for good in the last week',
    'warning: 1 notices to slack wait, the oldest for 1 h',
  ]);
});

test('schema: a newer release was here', async () => {
  const store = storeWith({ schema_migrations: [{ name: '0001_a.sql' }, { name: '0009_b.sql' }] });
  assert.deepEqual(await told('schema', { store, migrations: ['0001_a.sql'] }), [
    'warning: database driftline has migrations of a newer release: 0009_b.sql',
  ]);
});

/** A log that keeps records for so many days; `lastHour` of its 600 came in the last hour. */
function keeping(days: number, lastHour: number): LogInspector {
  const topic = topicOf('driftline.predictions', { end: 600 });
  return fakeLog({
    topic: async () => ({ ...topic, settings: { 'retention.ms': String(days * 86_400_000) } }),
    // None is older than three quarters of the retention.
    offsetsAt: async (_, at) => new Map([[0, at < NOW - 3_600_000 ? 0 : 600 - lastHour]]),
  });
}

test('restart: a chunk lives until it is full or too old, whichever comes first, against what the log keeps', async () => {
  const restart = (days: number, lastHour: number, chunkAge: string) => {
    const config = loadConfig({
      env: { ...env, DRIFTLINE_LOG_PARTITIONS: '1', DRIFTLINE_AGGREGATION_CHUNK_AGE: chunkAge },
    });
    return told('restart', { log: keeping(days, lastHour), store: storeWith({}), config });
  };
  const found = await restart(7, 60, '1d');
  assert.deepEqual(found.slice(0, 1), ['ok: a restart would read on, 600 offsets again']);
  assert.deepEqual(found.slice(1), [
    'ok: a chunk of 65536 offsets takes up to 46 d to fill and ends after 1 d at the latest, the log keeps 7 d',
  ]);
  assert.deepEqual((await restart(7, 60, '6d')).slice(1), [
    'warning: a chunk of 65536 offsets takes up to 46 d to fill and ends after 6 d at the latest, the log keeps 7 d',
  ]);
  assert.deepEqual((await restart(7, 600, '6d')).slice(1), [
    'ok: a chunk of 65536 offsets takes up to 4.6 d to fill and ends after 6 d at the latest, the log keeps 7 d',
  ]);
  assert.deepEqual((await restart(1, 0, '1d')).slice(1), [
    'warning: a chunk of 65536 offsets ends after 1 d at the latest, the log keeps 1 d',
  ]);
});

test('restart: what a chunk that lives too long needs is a length of time that fits', async () => {
  const restart = CHECKS.find(({ name }) => name === 'restart')!;
  const [, finding] = await restart.run(world({ log: keeping(1, 0), store: storeWith({}) }));
  assert.equal(finding?.action, 'set aggregation.chunk_age to 64800s or less, or raise retention.ms of the topic');
});

test('restart: what the log lost is told apart: by retention, an unclean election, a committed offset', async () => {
  const lost = (reason: string) =>
    told('restart', {
      log: keeping(7, 600),
      store: storeWith({}),
      nextStart: async () => ({ kind: 'read', offset: 300, gap: { reason, first: 250, end: 320 } }),
    });
  assert.equal((await lost('log_trimmed'))[1], 'warning: partition 0: 70 offsets before 300 cannot be read any more');
  assert.equal(
    (await lost('log_truncated'))[1],
    'warning: partition 0: the log lost what was counted from offset 250 up to 320 (an unclean leader election)',
  );
  assert.equal(
    (await lost('before_committed_offset'))[1],
    'warning: partition 0: 70 offsets before the committed one, 300, would not be counted',
  );
});

test('a check that hangs or fails is a finding, and the others are made', async () => {
  const hanging = { name: 'a', needs: [], run: () => sleep(60_000, [], { ref: false }) };
  const failing = { name: 'b', needs: [], run: () => Promise.reject(new Error('odd')) };
  const reports = await runChecks([hanging, failing], world({}), 50);
  assert.deepEqual(
    reports.map(({ check, level, message }) => [check, level, message]),
    [
      ['a', 'problem', 'no answer within 0.05 s'],
      ['b', 'problem', 'could not be checked: odd'],
    ],
  );
  const none: Report[] = [];
  assert.equal(worstLevel(none), 'ok');
  assert.deepEqual(formatText(none), ['doctor: 0 problem, 0 warning, 0 ok']);
});
