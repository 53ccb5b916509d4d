import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absentColumns, columnUse } from '../../../lib/core/references/mapping.ts';

const reading = {
  columns: { id: 'id', timestamp: 't', score: 's', prediction: 'p', label: 'y' },
  categorical: ['zip'],
  ignore: ['year'],
};

test('mapped columns get the names they have in every view; the rest are features', () => {
  const use = (column: string) => columnUse(column, reading);
  assert.deepEqual(use('s'), { kind: 'monitored', name: 'prediction.score', categorical: false });
  assert.deepEqual(use('p'), { kind: 'monitored', name: 'prediction.label', categorical: true });
  assert.deepEqual(use('zip'), { kind: 'monitored', name: 'zip', categorical: true });
  assert.deepEqual(use('age'), { kind: 'monitored', name: 'age', categorical: false });
  for (const column of ['id', 't', 'y', 'year']) assert.deepEqual(use(column), { kind: 'ignored' }, column);
});

test('every mapped column that a file lacks is named with its role', () => {
  assert.deepEqual(absentColumns(['id', 't', 's'], reading.columns), ['prediction: p', 'label: y']);
});
