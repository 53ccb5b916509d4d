import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '../../lib/runtime/app.ts';
import { deferred } from '../../lib/runtime/deferred.ts';
import { DriftlineError } from '../../lib/runtime/errors.ts';
import { runApp } from '../../lib/runtime/lifecycle.ts';
import { createLogger } from '../../lib/runtime/logging.ts';
import type { Service } from '../../lib/runtime/service.ts';

const logger = createLogger({ name: 'test', level: 'silent' });

interface Fake extends Service {
  fail(error: Error): void;
}

/** A service that writes what happens to it into `calls`. */
function fake(name: string, calls: string[], override: Partial<Service> = {}): Fake {
  const failure = deferred<never>();
  failure.promise.catch(() => {});
  return {
    name,
    start: async () => {
      calls.push(`start ${name}`);
    },
    stop: async () => {
      calls.push(`stop ${name}`);
    },
    notReady: () => null,
    failed: failure.promise,
    fail: failure.reject,
    ...override,
  };
}

test('starts in order, stops in reverse, once', async () => {
  const calls: string[] = [];
  const app = createApp([fake('a', calls), fake('b', calls)], { logger });
  assert.deepEqual(app.readiness(), ['a: starting', 'b: starting']);
  await app.start();
  assert.deepEqual(app.readiness(), []);
  assert.deepEqual(await Promise.all([app.stop(), app.stop()]), [true, true]);
  assert.deepEqual(calls, ['start a', 'start b', 'stop b', 'stop a']);
  assert.deepEqual(app.readiness(), ['stopping']);
});

test('a failed start stops what had begun, the failing service included, and says which failed', async () => {
  const calls: string[] = [];
  const broken = fake('b', calls, { start: () => Promise.reject(new Error('no file')) });
  const app = createApp([fake('a', calls), broken, fake('c', calls)], { logger });
  await assert.rejects(app.start(), (error) => {
    assert.ok(error instanceof DriftlineError);
    assert.equal(error.code, 'start_failed');
    assert.match(error.message, /^b could not start: no file$/);
    return true;
  });
  assert.deepEqual(calls, ['start a', 'stop b', 'stop a']);
});

test('a stop that hangs or throws is bounded and keeps no other from stopping', async () => {
  const calls: string[] = [];
  const hangs = fake('hangs', calls, { stop: () => new Promise(() => {}) });
  const throws = fake('throws', calls, { stop: () => Promise.reject(new Error('no')) });
  const app = createApp([fake('a', calls), hangs, throws], { logger, stopTimeoutMs: 50 });
  await app.start();
  const began = Date.now();
  assert.equal(await app.stop(), false);
  assert.ok(Date.now() - began < 15_000);
  assert.deepEqual(calls.at(-1), 'stop a');
});

interface Run {
  signals: EventEmitter;
  lines: string[];
  exit: Promise<number>;
}

function run(services: Service[], stopTimeoutMs = 1_000): Run {
  const signals = new EventEmitter();
  const lines: string[] = [];
  const app = createApp(services, { logger, stopTimeoutMs });
  const exit = runApp(app, { logger, readyLine: () => 'ready http=x', stdout: (line) => lines.push(line), signals });
  return { signals, lines, exit };
}

test('the ready line comes once no service has a reason left; SIGTERM then ends with 0', async () => {
  let reason: string | null = 'no partitions yet';
  const calls: string[] = [];
  const { signals, lines, exit } = run([fake('a', calls, { notReady: () => reason })]);
  await sleep(80);
  assert.deepEqual(lines, []);
  reason = null;
  await sleep(80);
  assert.deepEqual(lines, ['ready http=x']);
  signals.emit('SIGTERM');
  assert.equal(await exit, 0);
  assert.deepEqual(calls, ['start a', 'stop a']);
  assert.equal(signals.listenerCount('SIGTERM'), 0);
});

test('a service that ends by itself ends the process with 1, everything stopped', async () => {
  const calls: string[] = [];
  const a = fake('a', calls);
  const { exit } = run([a, fake('b', calls)]);
  await sleep(30);
  a.fail(new Error('lost its group'));
  assert.equal(await exit, 1);
  assert.deepEqual(calls.slice(-2), ['stop b', 'stop a']);
});

test('a signal during a start that hangs stops what had begun', async () => {
  const calls: string[] = [];
  const { signals, lines, exit } = run([fake('a', calls), fake('b', calls, { start: () => new Promise(() => {}) })]);
  await sleep(20);
  signals.emit('SIGINT');
  assert.equal(await exit, 0);
  assert.deepEqual(calls, ['start a', 'stop b', 'stop a']);
  assert.deepEqual(lines, []);
});

test('the same signal twice at once is one; a later one does not wait for a stop that hangs', async () => {
  const { signals, exit } = run([fake('a', [], { stop: () => new Promise(() => {}) })], 5_000);
  await sleep(20);
  const began = Date.now();
  signals.emit('SIGTERM');
  signals.emit('SIGTERM');
  setTimeout(() => signals.emit('SIGTERM'), 1_050);
  assert.equal(await exit, 1);
  const took = Date.now() - began;
  assert.ok(took >= 1_000 && took < 4_500, `took ${took} ms`);
});

test('a start that fails rejects with its error', async () => {
  const { exit } = run([fake('a', [], { start: () => Promise.reject(new DriftlineError('port_in_use', 'taken')) })]);
  await assert.rejects(exit, { code: 'port_in_use', message: 'taken' });
});
