import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { passes, toLogError } from '../../../lib/adapters/kafka/errors.ts';
import { LogUnavailableError, RecordTooLargeError } from '../../../lib/ports/log.ts';

type ErrorClass = new (error: unknown, options?: object) => Error;
/** kafkajs exports few of its errors by name. */
const kafkajs: Record<string, ErrorClass> = createRequire(import.meta.url)('kafkajs/src/errors');
const make = (name: string, error: unknown, options = {}) => new kafkajs[name]!(error, options);

test('a coordinator that nobody finds while the brokers are away comes back, however kafkajs wraps it', () => {
  const lost = make('KafkaJSGroupCoordinatorNotFound', 'Failed to find group coordinator');
  assert.ok(passes(lost));
  assert.ok(passes(make('KafkaJSNonRetriableError', lost, { cause: lost })));
  const refused = make('KafkaJSConnectionError', 'refused', { code: 'ECONNREFUSED' });
  assert.ok(passes(make('KafkaJSNumberOfRetriesExceeded', refused, { cause: refused, retryCount: 5, retryTime: 1 })));
  const protocol = { type: 'GROUP_LOAD_IN_PROGRESS', code: 14, retriable: true, message: 'loading' };
  assert.ok(passes(make('KafkaJSProtocolError', protocol)));
});

test('metadata that kafkajs has forgotten with its last connection comes back', () => {
  const metadata = null as unknown as { topicMetadata: unknown };
  assert.throws(() => metadata.topicMetadata, passes);
  const low: { partitions: unknown }[] = [];
  const offsets = () => {
    // As kafkajs does with the offsets of a topic that it does not know any more.
    const { partitions } = low.pop() as unknown as { partitions: unknown };
    return partitions;
  };
  assert.throws(offsets, passes);
});

test('what another attempt cannot mend does not pass', () => {
  const protocol = { type: 'GROUP_AUTHORIZATION_FAILED', code: 30, retriable: false, message: 'not allowed' };
  assert.equal(passes(make('KafkaJSProtocolError', protocol)), false);
  assert.equal(passes(make('KafkaJSSASLAuthenticationError', 'wrong password')), false);
  assert.equal(passes(make('KafkaJSNotImplemented', 'no')), false);
  assert.equal(passes(new TypeError('a mistake of ours')), false);
  assert.equal(passes(undefined), false);
});

test('a refused connection is the log that is away, also where kafkajs calls it an error for ever', () => {
  const refused = make('KafkaJSConnectionError', 'connect ECONNREFUSED', { code: 'ECONNREFUSED' });
  for (const error of [refused, make('KafkaJSNonRetriableError', refused, { cause: refused })]) {
    const told = toLogError(error, 'append to topic t', ['a:1', 'b:2']);
    assert.ok(told instanceof LogUnavailableError);
    assert.match(told.message, /^Kafka \(a:1, b:2\): cannot append to topic t: .*ECONNREFUSED/);
    assert.equal(told.cause, error);
  }
});

test('what the caller did wrong stays what it is', () => {
  const refused = make('KafkaJSProtocolError', { type: 'MESSAGE_TOO_LARGE', code: 10, retriable: false, message: 'x' });
  for (const error of [
    refused,
    make('KafkaJSNonRetriableError', refused, { cause: refused }),
    new RecordTooLargeError('t', 9, refused),
    new RangeError('no such partition'),
  ]) {
    assert.equal(toLogError(error, 'append', ['a:1']), error);
  }
});
