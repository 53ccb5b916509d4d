import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Admin } from 'kafkajs';
import { runDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';
import {
  type DoctorReport,
  doctor,
  openWorld,
  serveHttp,
  serveSilence,
  skewedStore,
  type World,
} from './doctor-world.ts';
import { plainKafka } from './open-log.ts';

const PREDICTIONS = 'driftline.predictions';
const DAY_MS = 86_400_000;
/** Ahead of `future_skew`, yet within what a broker takes. */
const HALF_HOUR_MS = 1_800_000;
/** Kafka's number for topics in its questions about settings. */
const TOPIC_RESOURCE = 2;

/** Findings of a check at a level, as one text. */
function told(report: DoctorReport, check: string, level: string): string {
  return report.findings
    .filter((finding) => finding.check === check && finding.level === level)
    .map(({ message, action }) => `${message} → ${action ?? ''}`)
    .join('\n');
}

describe('driftline doctor, on a real broker and store', () => {
  let world: World;
  let admin: Admin;
  before(async () => {
    world = await openWorld();
    admin = plainKafka(world.bootstrap).admin();
    await admin.connect();
  });
  after(async () => {
    await admin.disconnect();
    await world.close();
  });

  const setTopic = (name: string, settings: Record<string, string>): Promise<unknown> => {
    const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    return admin.alterConfigs({ validateOnly: false, resources: [{ type: TOPIC_RESOURCE, name, configEntries }] });
  };
  const produce = async (partition: number, timestamps: readonly number[]): Promise<void> => {
    const producer = plainKafka(world.bootstrap).producer();
    await producer.connect();
    const messages = timestamps.map((at, index) => ({
      partition,
      timestamp: String(at),
      value: JSON.stringify({ prediction_id: `${at}-${index}`, model: 'm', timestamp: at, features: { a: index } }),
    }));
    await producer.send({ topic: PREDICTIONS, messages });
    await producer.disconnect();
  };

  it('finds no problem in a deployment that works, and changes nothing', { timeout: 120_000 }, async () => {
    const config = world.config('good');
    const services = await Promise.all(
      ['aggregator', 'detector', 'notifier'].map((service) => world.start(service, config)),
    );
    await produce(0, [Date.now(), Date.now()]);
    const committed = (): Promise<unknown> => admin.fetchOffsets({ groupId: 'driftline-aggregator' });
    await eventually('the events are counted', async () => {
      const metrics = await (await fetch(`${services[0]?.http}/metrics`)).text();
      return /driftline_events_total\{[^}]*partition="0"\} 2/.test(metrics);
    });
    await eventually('all have joined', async () => {
      const { groups } = await admin.describeGroups(
        ['aggregator', 'detector', 'notifier'].map((n) => `driftline-${n}`),
      );
      return groups.every(({ state, members }) => state === 'Stable' && members.length === 1);
    });
    const before = JSON.stringify([await committed(), await admin.listTopics(), await admin.listGroups()]);
    const report = await doctor(config);
    assert.equal(JSON.stringify([await committed(), await admin.listTopics(), await admin.listGroups()]), before);
    assert.deepEqual([report.code, report.findings.filter(({ level }) => level === 'problem')], [0, []]);
    assert.match(told(report, 'broker', 'ok'), /1 node/);
    assert.match(told(report, 'topics', 'ok'), /driftline\.predictions: 2 partitions, replication 1, kept 7 d/);
    assert.match(told(report, 'consumers', 'ok'), /driftline-aggregator: 1 member, Stable/);
    assert.match(told(report, 'schema', 'ok'), /all applied/);
    assert.match(told(report, 'restart', 'ok'), /a restart would read on/);
    assert.match(told(report, 'restart', 'ok') + told(report, 'restart', 'warning'), /a chunk of 64 offsets takes/);
    assert.match(told(report, 'clocks', 'ok'), /the store's clock agrees[\s\S]*PagerDuty's clock agrees/);
    const received = world.pagerduty.events().map(({ status }) => status);
    assert.ok(received.length > 0 && received.every((status) => status === 400), 'nobody was paged');
    for (const service of services) assert.equal(await service.end('SIGTERM'), 0);
    assert.match(told(await doctor(config), 'consumers', 'warning'), /no aggregator is running/);
  });

  it('prints text for people: level, check, message, what to do, and a count', async () => {
    const { code, stdout } = await runDriftline(['doctor', '--config', world.config('good')]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^warning {2}consumers {6}no detector is running.*\n {24}→ start `driftline detector`$/m);
    assert.match(stdout, /^doctor: 0 problem, \d+ warning, \d+ ok\n$/m);
    const bad = await runDriftline(['doctor', '--config', world.config('bad', { nonsense: '1' })]);
    assert.deepEqual([bad.code, bad.stdout], [2, '']);
  });

  it('names settings of topics that lose events', async () => {
    await setTopic('driftline.labels', { 'cleanup.policy': 'compact', 'max.message.bytes': '1000' });
    await setTopic('driftline.alerts', { 'min.insync.replicas': '2', 'retention.ms': '3600000' });
    await setTopic('driftline.windows', { 'retention.bytes': '1048576' });
    const report = await doctor(
      world.config('wider', { log: `{kind: kafka, brokers: ["${world.bootstrap}"], partitions: 3}` }),
    );
    await Promise.all(['labels', 'alerts', 'windows'].map((name) => setTopic(`driftline.${name}`, {})));
    assert.equal(report.code, 1);
    assert.match(told(report, 'topics', 'problem'), /driftline\.labels: cleanup\.policy is compact.*→ kafka-configs/);
    assert.match(
      told(report, 'topics', 'problem'),
      /driftline\.alerts: min\.insync\.replicas is 2, but there are 1 copies/,
    );
    const warnings = told(report, 'topics', 'warning');
    assert.match(warnings, /driftline\.labels: max\.message\.bytes is 1000 B/);
    assert.match(warnings, /driftline\.alerts: records are kept 1 h/);
    assert.match(warnings, /driftline\.windows: retention\.bytes is 1\.0 MiB/);
    assert.match(warnings, /driftline\.predictions has 2 partitions, log\.partitions is 3/);
  });

  it('sees a wrong committed offset, and says that a restart without a manifest would halt', async () => {
    const log = `{kind: kafka, brokers: ["${world.bootstrap}"], partitions: 2, group_prefix: reset}`;
    const config = world.config('reset', {
      log,
      store: `{kind: clickhouse, url: "${world.store.sql}", database: empty}`,
    });
    assert.equal((await runDriftline(['migrate', '--config', config])).code, 0);
    const partitions = [{ partition: 1, offset: '1000000000' }];
    await admin.setOffsets({ groupId: 'reset-aggregator', topic: PREDICTIONS, partitions });
    const report = await doctor(config);
    assert.equal(report.code, 1);
    assert.match(told(report, 'consumers', 'problem'), /partition 1 is committed at 1000000000, but the log ends at/);
    assert.match(told(report, 'restart', 'problem'), /partition 1 would halt: no manifest/);
  });

  it('sees unread records and open chunks that retention is about to take, and time stamps of the future', async () => {
    const old = Date.now() - 6 * DAY_MS;
    await produce(1, [old, old, Date.now() + HALF_HOUR_MS]);
    await admin.setOffsets({
      groupId: 'old-aggregator',
      topic: PREDICTIONS,
      partitions: [{ partition: 1, offset: '0' }],
    });
    const log = `{kind: kafka, brokers: ["${world.bootstrap}"], partitions: 2, group_prefix: old}`;
    const report = await doctor(world.config('old', { log }));
    assert.match(
      told(report, 'consumers', 'problem'),
      /unread records of partition 1 have less than a quarter of 7 d left/,
    );
    assert.match(told(report, 'restart', 'warning'), /open chunks of partition 1 began when less than a quarter/);
    assert.match(
      told(report, 'clocks', 'warning'),
      /partition 1 of driftline\.predictions hold records stamped more than/,
    );
  });

  it('names missing tables and topics', async () => {
    const config = world.config('bare', { store: `{kind: clickhouse, url: "${world.store.sql}", database: nowhere}` });
    await admin.deleteTopics({ topics: ['driftline.dead-letters'] });
    const report = await doctor(config);
    assert.equal(report.code, 1);
    assert.match(
      told(report, 'schema', 'problem'),
      /database nowhere lacks 0001_spine\.sql.*→ run `driftline migrate`/,
    );
    assert.match(told(report, 'topics', 'problem'), /topic driftline\.dead-letters does not exist/);
  });

  it('tells clocks apart: a store and a channel that are ahead', async () => {
    const store = await skewedStore(world.store.sql, 600_000);
    const date = new Date(Date.now() - 20_000).toUTCString();
    const channel = await serveHttp(() => ({ status: 400, headers: { date }, body: '{}' }));
    const config = world.config('clocks', {
      store: `{kind: clickhouse, url: "${store.url}"}`,
      pagerduty: `{base_url: "${channel.url}", routing_key: 0123456789abcdef0123456789abcdef}`,
    });
    const report = await doctor(config);
    await Promise.all([store.close(), channel.close()]);
    assert.match(told(report, 'clocks', 'problem'), /the store's clock is 10 min ahead of this machine's/);
    assert.match(told(report, 'clocks', 'warning'), /PagerDuty's clock is \d+ s behind this machine's/);
  });

  it('a channel that is not the Events API, or fails, is a problem; a refused password names the user', async () => {
    const statuses = [202, 503];
    const channel = await serveHttp(() => ({ status: statuses.shift() ?? 500, body: '{}' }));
    const refusing = await serveHttp(() => ({
      status: 403,
      headers: { 'x-clickhouse-exception-code': '516' },
      body: 'Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)',
    }));
    const config = world.config('channel', {
      store: `{kind: clickhouse, url: "${refusing.url}", password: hunter2-hunter2}`,
      pagerduty: `{base_url: "${channel.url}", routing_key: 0123456789abcdef0123456789abcdef}`,
    });
    const report = await doctor(config);
    await Promise.all([channel.close(), refusing.close()]);
    assert.match(told(report, 'channels', 'problem'), /answers (202|503)/);
    assert.match(told(report, 'store', 'problem'), /ClickHouse refuses at .*Authentication failed/);
    assert.doesNotMatch(JSON.stringify(report), /hunter2|0123456789abcdef0123456789abcdef/);
  });

  it('with everything down, and with what accepts but never answers, it ends in bounded time and says so', async () => {
    const silent = await serveSilence();
    for (const address of ['127.0.0.1:1', silent.address]) {
      const config = world.config('down', {
        log: `{kind: kafka, brokers: ["${address}"]}`,
        store: `{kind: clickhouse, url: "http://${address}"}`,
        pagerduty: `{base_url: "http://${address}", routing_key: 0123456789abcdef0123456789abcdef}`,
      });
      const began = Date.now();
      const report = await doctor(config);
      assert.ok(Date.now() - began < 30_000, 'bounded');
      assert.equal(report.code, 1);
      for (const check of ['broker', 'store', 'channels'])
        assert.match(told(report, check, 'problem'), /does not answer|no answer within/, `${check} at ${address}`);
      assert.match(told(report, 'topics', 'warning'), /not checked: the log does not answer/);
      assert.match(told(report, 'schema', 'warning'), /not checked: the store does not answer/);
    }
    await silent.close();
  });
});
