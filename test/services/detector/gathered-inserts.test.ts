import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Row, type Store, StoreQueryError, StoreUnavailableError } from '../../../lib/ports/store.ts';
import { gatheringInserts } from '../../../services/detector/gathered-inserts.ts';

/** Notes what is inserted; an insert with the row `bad` is refused, and all are while it is `away`. */
class Fake {
  readonly inserts: [table: string, rows: unknown[]][] = [];
  away = false;
  readonly store = gatheringInserts({
    insert: (table: string, rows: Iterable<Row>) => this.#insert(table, [...rows]),
    insertNative: (table: string, columns: readonly string[], pieces: Iterable<Uint8Array>) =>
      this.#insert(`${table} (${columns.join()})`, [...pieces]),
  } as unknown as Store);

  async #insert(table: string, rows: unknown[]): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.away) throw new StoreUnavailableError('away');
    if (JSON.stringify(rows).includes('bad')) throw new StoreQueryError('refused', '27', 'CANNOT_PARSE');
    this.inserts.push([table, rows]);
  }
}

describe('gathered inserts', () => {
  it('what comes at the same time goes at once, by table; what comes meanwhile goes next', async () => {
    const fake = new Fake();
    const first = [fake.store.insert('t', [{ a: 1 }]), fake.store.insert('t', [{ a: 2 }, { a: 3 }])];
    const other = fake.store.insert('u', [{ b: 1 }]);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const next = [fake.store.insert('t', [{ a: 4 }]), fake.store.insert('t', [{ a: 5 }])];
    await Promise.all([...first, other]);
    assert.deepEqual(fake.inserts.toSorted(), [
      ['t', [{ a: 1 }, { a: 2 }, { a: 3 }]],
      ['u', [{ b: 1 }]],
    ]);
    await Promise.all(next);
    assert.deepEqual(fake.inserts.at(-1), ['t', [{ a: 4 }, { a: 5 }]]);
  });

  it('blocks of equal columns go together, others by themselves', async () => {
    const fake = new Fake();
    const piece = (byte: number) => Uint8Array.of(byte);
    await Promise.all([
      fake.store.insertNative('t', ['a'], [piece(1)]),
      fake.store.insertNative('t', ['a', 'b'], [piece(2)]),
      fake.store.insertNative('t', ['a'], [piece(3), piece(4)]),
    ]);
    assert.deepEqual(fake.inserts.toSorted(), [
      ['t (a)', [piece(1), piece(3), piece(4)]],
      ['t (a,b)', [piece(2)]],
    ]);
  });

  it('rows that are refused keep nobody else\u2019s away', async () => {
    const fake = new Fake();
    const outcomes = await Promise.allSettled(['x', 'bad', 'y'].map((a) => fake.store.insert('t', [{ a }])));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(
      fake.inserts.map(([, rows]) => rows),
      [[{ a: 'x' }], [{ a: 'y' }]],
    );
  });

  it('while the store is away everybody hears so, and nothing is lost by trying again', async () => {
    const fake = new Fake();
    fake.away = true;
    const outcomes = await Promise.allSettled(['x', 'y'].map((a) => fake.store.insert('t', [{ a }])));
    assert.ok(
      outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason instanceof StoreUnavailableError),
    );
    fake.away = false;
    await Promise.all(['x', 'y'].map((a) => fake.store.insert('t', [{ a }])));
    assert.deepEqual(fake.inserts, [['t', [{ a: 'x' }, { a: 'y' }]]]);
  });
});
