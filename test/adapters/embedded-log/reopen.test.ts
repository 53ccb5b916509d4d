import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';
import { LogUnavailableError } from '../../../lib/ports/log.ts';
import { Recorder } from '../../conformance/log/recorder.ts';
import { eventually } from '../../support/eventually.ts';

const HOUR = 3_600_000;

describe('embedded log, opened again', () => {
  let base = '';
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'driftline-log-'));
  });
  after(() => rm(base, { recursive: true }));

  it('keeps topics, incarnations, records, committed offsets and rising generations', async () => {
    const dir = join(base, 'kept');
    const log = await createEmbeddedLog({ dir, partitions: 3 });
    await log.ensureTopics([
      { name: 'one', partitions: 1 },
      { name: 'default', partitions: 0 },
    ]);
    await log.append(
      'one',
      [1, 2, 3].map((n) => ({ key: null, value: `${n}` })),
    );
    const described = await log.describeTopic('one');
    assert.equal((await log.describeTopic('default')).partitions, 3);
    const first = new Recorder();
    const consumer = await log.consume({ group: 'g', topics: ['one'], handlers: first });
    await eventually('three records', () => first.records.length === 3);
    await consumer.commit({ topic: 'one', partition: 0 }, 2);
    await log.close();
    await assert.rejects(log.append('one', [{ key: null, value: 'late' }]), LogUnavailableError);
    await assert.rejects(log.ping(), LogUnavailableError);

    const again = await createEmbeddedLog({ dir, partitions: 3 });
    assert.deepEqual(await again.describeTopic('one'), described);
    assert.deepEqual(await again.offsets('one'), [{ partition: 0, beginning: 0, end: 3 }]);
    await again.append('one', [{ key: null, value: '4' }]);
    const second = new Recorder();
    await again.consume({ group: 'g', topics: ['one'], handlers: second });
    await eventually('two records', () => second.records.length === 2);
    assert.deepEqual(second.offsets('one', 0), [2, 3]);
    assert.ok(second.generations[0]! > first.generations[0]!);
    await again.close();
  });

  it('removes what is older than retention.ms, and knows its bounds even when all is gone', async () => {
    const dir = join(base, 'retention');
    let now = 1_000 * HOUR;
    const open = () => createEmbeddedLog({ dir, partitions: 1, now: () => now });
    let log = await open();
    await log.ensureTopics([
      { name: 'short', partitions: 1, config: { 'retention.ms': String(HOUR) } },
      { name: 'kept', partitions: 1 },
    ]);
    await log.append('short', [
      { key: null, value: 'a' },
      { key: null, value: 'b' },
    ]);
    await log.append('kept', [{ key: null, value: 'a' }]);
    now += 0.75 * HOUR;
    await log.append('short', [{ key: null, value: 'c' }]);
    now += 0.5 * HOUR;
    await log.close();
    log = await open();
    const shortOffsets = async () => (await log.offsets('short'))[0]!;
    await eventually('the first two are gone', async () => (await shortOffsets()).beginning === 2);
    assert.equal((await shortOffsets()).end, 3);
    const behind = new Recorder({ start: () => ({ offset: 0 }) });
    const consumer = await log.consume({ group: 'behind', topics: ['short'], handlers: behind });
    await eventually('halted', () =>
      /offset 0 is outside the log, which holds 2 to 3/.test(consumer.unhealthy() ?? ''),
    );
    now += HOUR;
    await log.close();
    log = await open();
    await eventually('everything is gone', async () => (await shortOffsets()).beginning === 3);
    await log.close();
    log = await open();
    assert.deepEqual(await log.offsets('short'), [{ partition: 0, beginning: 3, end: 3 }]);
    assert.deepEqual(await log.offsets('kept'), [{ partition: 0, beginning: 0, end: 1 }]);
    await log.append('short', [{ key: null, value: 'd' }]);
    const recorder = new Recorder({ start: () => ({ offset: 3 }) });
    await log.consume({ group: 'after', topics: ['short'], handlers: recorder });
    await eventually('the new record', () => recorder.records.length === 1);
    assert.equal(recorder.records[0]!.value?.toString(), 'd');
    await log.close();
  });

  it('stores odd and large records as they are', async () => {
    const log = await createEmbeddedLog({ dir: join(base, 'odd'), partitions: 1 });
    await log.ensureTopics([{ name: 't', partitions: 1 }]);
    const large = Buffer.alloc(3_000_000, 'y');
    const times = [0, -1, 253_402_300_799_999, 1, -62_135_596_800_000];
    await log.append(
      't',
      times.map((timestamp) => ({ key: 'k', value: 'v', timestamp, headers: { ['__proto__']: 'x' } })),
    );
    await log.append('t', [
      { key: large, value: large },
      { key: null, value: 'after' },
    ]);
    await assert.rejects(log.append('t', [{ key: null, value: 'v', timestamp: 1.5 }]), /whole milliseconds/);
    await assert.rejects(log.append('t', [{ key: null, value: 'v', partition: 7 }]), /1 partitions, none numbered 7/);
    const recorder = new Recorder({ start: () => ({ offset: 3 }) });
    await log.consume({ group: 'g', topics: ['t'], handlers: recorder });
    await eventually('four records', () => recorder.records.length === 4);
    assert.deepEqual(
      recorder.records.slice(0, 2).map(({ timestamp }) => timestamp),
      times.slice(3),
    );
    assert.deepEqual(Object.keys(recorder.records[0]!.headers), ['__proto__']);
    assert.ok(recorder.records[2]!.value?.equals(large) && recorder.records[2]!.key?.equals(large));
    assert.equal(recorder.records[3]!.value?.toString(), 'after');
    await log.close();
  });

  it('says which directory it cannot use', async () => {
    const file = join(base, 'a-file');
    await writeFile(file, 'not a directory');
    await assert.rejects(createEmbeddedLog({ dir: join(file, 'log'), partitions: 1 }), (error: Error) => {
      assert.ok(error instanceof LogUnavailableError);
      assert.ok(error.message.includes(file));
      return true;
    });
  });
});
