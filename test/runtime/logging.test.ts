import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../lib/runtime/logging.ts';

function capture(secrets: string[] = []) {
  const lines: string[] = [];
  const logger = createLogger({ name: 'aggregator', secrets, stream: { write: (line) => lines.push(line) } });
  return { logger, lines };
}

test('a line is JSON with time, level by name, and the process', () => {
  const { logger, lines } = capture();
  logger.info({ partition: 3 }, 'flushed');
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.equal(line.level, 'info');
  assert.equal(line.name, 'aggregator');
  assert.equal(line.partition, 3);
  assert.equal(line.msg, 'flushed');
  assert.match(String(line.time), /^\d{4}-\d\d-\d\dT.*Z$/);
});

test('fields that hold secrets are redacted by name', () => {
  const { logger, lines } = capture();
  logger.info({ password: 'a', store: { password: 'b' }, request: { headers: { authorization: 'c' } } }, 'x');
  assert.ok(!/"[abc]"/.test(lines[0] ?? ''), lines[0]);
});

test('secret values are redacted wherever they turn up: messages, errors, URLs, quoted', () => {
  const secret = 'p4"ss/word';
  const { logger, lines } = capture([secret, '', 'ab']);
  logger.warn({ err: new Error(`http://u:${encodeURIComponent(secret)}@h`) }, `cannot log in with ${secret}`);
  const text = lines.join('');
  assert.ok(!text.includes('word'), text);
  assert.match(text, /cannot log in with \[redacted\]/);
});
