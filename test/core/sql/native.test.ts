import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from '../../../lib/core/sql/byte-writer.ts';
import { FLOAT64, NativeBlock, TEXT, TIME, UINT32, UINT64 } from '../../../lib/core/sql/native.ts';

const written = (write: (out: ByteWriter) => void): Buffer => {
  const out = new ByteWriter(1);
  write(out);
  return Buffer.from(out.written());
};

describe('ByteWriter', () => {
  it('writes text of any length and content as Node does, behind its length', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: fc.constantFrom('a', 'é', '\ud800', '\udc00', '😀', '\0'), maxLength: 400 }),
      fc.nat(70_000).map((length) => 'x'.repeat(length)),
    );
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 4 }), (all) => {
        const expected = all.flatMap((text) => {
          const bytes = Buffer.from(text);
          return [Buffer.from(leb128(bytes.length)), bytes];
        });
        assert.deepEqual(
          written((out) => {
            for (const text of all) out.string(text);
          }),
          Buffer.concat(expected),
        );
      }),
    );
  });

  it('writes numbers as a DataView does', () => {
    fc.assert(
      fc.property(fc.double(), fc.maxSafeNat(), fc.nat(2 ** 32 - 1), (float, long, int) => {
        const expected = Buffer.alloc(20);
        expected.writeDoubleLE(float, 0);
        expected.writeBigUInt64LE(BigInt(long), 8);
        expected.writeUInt32LE(int, 16);
        const bytes = written((out) => {
          out.float64(float);
          out.uint64(long);
          out.uint32(int);
        });
        assert.deepEqual(bytes, expected);
      }),
    );
  });

  it('writes times before and after the epoch in milliseconds, and refuses what the type would bend', () => {
    for (const ms of [
      0,
      -1,
      1.9,
      -1.9,
      Date.UTC(1900, 0, 1),
      Date.UTC(2299, 11, 31, 23, 59, 59, 999),
      2 ** 32,
      -(2 ** 32),
    ]) {
      assert.equal(written((out) => out.dateTime64(ms)).readBigInt64LE(), BigInt(Math.trunc(ms)), `${ms}`);
    }
    for (const ms of [Number.NaN, Date.UTC(1900, 0, 1) - 1, Date.UTC(2300, 0, 1), Number.POSITIVE_INFINITY]) {
      assert.throws(() => new ByteWriter().dateTime64(ms), RangeError, `${ms}`);
    }
  });

  it('refuses what would wrap around', () => {
    for (const value of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      assert.throws(() => new ByteWriter().uint64(value), RangeError, `${value}`);
    }
    assert.throws(() => new ByteWriter().uint32(2 ** 32), RangeError);
    assert.throws(() => new ByteWriter().uint8(256), RangeError);
  });

  it('copies any part of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(200), (bytes, a, b) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        assert.deepEqual(
          written((out) => out.raw(bytes, start, end)),
          Buffer.from(bytes.slice(start, end)),
        );
      }),
    );
  });
});

describe('NativeBlock', () => {
  it('is the very bytes that ClickHouse documents: columns, rows, then name, type and values of each', () => {
    const block = new NativeBlock();
    block.constant('c', UINT32, 7);
    const maybe = block.nullables('m', FLOAT64);
    const words = block.arrays('w', TEXT);
    maybe.add(null);
    words.add(['é', '']);
    maybe.add(1);
    words.add([]);
    const one = Buffer.alloc(8);
    one.writeDoubleLE(1);
    const expected = Buffer.concat([
      Buffer.from([3, 2, 1]),
      Buffer.from('c\x06UInt32\x07\0\0\0\x07\0\0\0', 'latin1'),
      Buffer.from('\x01m\x11Nullable(Float64)\x01\0', 'latin1'),
      Buffer.concat([Buffer.alloc(8), one]),
      Buffer.from('\x01w\x0dArray(String)', 'latin1'),
      Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0xc3, 0xa9, 0]),
    ]);
    assert.equal(block.rows, 2);
    assert.deepEqual(Buffer.from(block.take()!), expected);
    assert.deepEqual(block.names, ['c', 'm', 'w']);
  });

  it('begins anew when it was taken, and what was taken stays as it is', () => {
    const block = new NativeBlock();
    block.constant('c', TEXT, 'x');
    const times = block.values('t', TIME);
    const maybe = block.nullables('m', FLOAT64);
    const counts = block.arrays('n', UINT64);
    const add = (first: number) => {
      times.add(first);
      maybe.add(first > 1 ? null : first);
      counts.add(Array.from({ length: 3_000 }, (_, i) => first + i));
    };
    add(1);
    const first = block.take()!;
    const copy = Buffer.from(first);
    add(2);
    assert.equal(block.rows, 1);
    assert.ok(block.bytes > 24_000);
    const second = block.take()!;
    assert.deepEqual(Buffer.from(first), copy);
    assert.equal(second.length, first.length);
    assert.notDeepEqual(Buffer.from(second), copy);
    assert.equal(block.take(), null);
    add(1);
    assert.deepEqual(Buffer.from(block.take()!), copy);
    assert.ok(first.buffer.byteLength < first.length + 2_000, 'little memory beside the bytes');
  });

  it('is nothing without rows, and no block with a column that lacks a value', () => {
    const block = new NativeBlock();
    block.constant('c', TEXT, 'x');
    const [a, b] = [block.values('a', TEXT), block.values('b', TEXT)];
    assert.equal(block.take(), null);
    a.add('x');
    assert.throws(() => block.take(), /column b has 0 values in 1 rows/);
    b.add('y');
    assert.ok(block.take()!.length > 0);
  });
});

function leb128(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...leb128(Math.floor(value / 128))];
}
