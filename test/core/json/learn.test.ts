import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learn } from '../../../lib/core/json/learn.ts';
import { JsonScanner, SLOT } from '../../../lib/core/json/scanner.ts';

const bytes = (text: string) => Buffer.from(text);

function taught(...texts: string[]): JsonScanner<string> {
  const scanner = new JsonScanner<string>();
  for (const text of texts) scanner.teach(learn(bytes(text))!.literals, text);
  return scanner;
}

test('a message is its values, where they stand, and the bytes between them', () => {
  const { literals, paths } = learn(bytes('{"a":1, "b":{"c":"x","d":[1,2]},"e":{} ,"f":null}\n'))!;
  assert.deepEqual(paths, [['a'], ['b', 'c'], ['b', 'd'], ['f']]);
  assert.deepEqual(
    literals.map((literal) => Buffer.from(literal).toString()),
    ['{"a":', ', "b":{"c":', ',"d":', '},"e":{} ,"f":', '}\n'],
  );
});

test('what is learned of a message keeps nothing of the memory that it lies in', () => {
  const memory = Buffer.alloc(1_000_000);
  const length = memory.write('{"a":1,"b":2}', 500_000);
  const message = memory.subarray(500_000, 500_000 + length);
  for (const literal of learn(message)!.literals) assert.ok(literal.buffer.byteLength < 100);
});

test('what no scanner could know again is not learned', () => {
  for (const text of [
    '{"a\\u0041":1}',
    '{"a":1,"a":2}',
    '{"a":["x"]}',
    '{"a":[[1]]}',
    '{"a":[{"b":1}]}',
    '{"a":"x\\n"}',
    '[1]',
    '5',
    '{"1":{"2":{"3":{"4":{"5":{"6":{"7":{"8":{"9":{"10":1}}}}}}}}}}',
  ]) {
    assert.equal(learn(bytes(text)), null, text);
  }
});

test('forms that begin alike part where they differ, the longer literal first', () => {
  const scanner = taught('{"a":1,"b":2}', '{"a":1,"c":2}', '{"a":1}', '{"a": 1}');
  for (const text of ['{"a":5,"b":"x"}', '{"a":null,"c":2.5}', '{"a":true}', '{"a": 7}']) {
    assert.notEqual(scanner.scan(bytes(text)), null, text);
  }
  assert.equal(scanner.scan(bytes('{"a":5,"b":2}')), '{"a":1,"b":2}');
  assert.deepEqual([scanner.kinds[0], scanner.numbers[0]], [SLOT.number, 5]);
  for (const text of [
    '{"a":5,"b":2',
    '{"a":5,"b":2}}',
    '{"a":5,"d":2}',
    '{"a":{}}',
    '{"a":}',
    '',
    '{"a":[1,]}',
    '{"a":[,1]}',
  ]) {
    assert.equal(scanner.scan(bytes(text)), null, text);
  }
});

test('a form is taught once, and a place where too many part takes no more', () => {
  const scanner = new JsonScanner<number>();
  const teach = (name: string) => scanner.teach(learn(bytes(`{"${name}":1}`))!.literals, 1);
  assert.equal(teach('a'), true);
  assert.equal(teach('a'), false);
  let taken = 0;
  for (let i = 0; i < 200; i++) if (teach(`key_${i}`)) taken += 1;
  assert.equal(taken, 63);
  scanner.clear();
  assert.equal(scanner.size, 0);
  assert.equal(scanner.scan(bytes('{"a":1}')), null);
});
