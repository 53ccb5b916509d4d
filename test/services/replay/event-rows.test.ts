import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrediction } from '../../../lib/core/events/parse-prediction.ts';
import { readTimestamp } from '../../../lib/core/references/cells.ts';
import type { TableFile } from '../../../lib/ports/table-file.ts';
import { type RowMapping, readEventRows } from '../../../services/replay/event-rows.ts';

const mapping: RowMapping = {
  model: 'loan',
  version: '7',
  columns: { id: 'id', timestamp: 'at', score: 'proba', prediction: 'yhat', label: 'y' },
  ignore: ['year'],
  segments: ['region'],
  labelDelayMs: 1000,
  timeOf: (row) => readTimestamp(row.at ?? ''),
};

function table(rows: string[][]): TableFile {
  return {
    columns: ['id', 'at', 'proba', 'yhat', 'y', 'region', 'age', 'year'],
    rows: (async function* () {
      yield* rows;
    })(),
  };
}

test('rows become events in time order that the parser accepts, and labels after their delay', async () => {
  const rows = await readEventRows(
    'f.csv',
    table([
      ['b', '2020-01-02', '0.5', '1', '', 'MA', '', '2020'],
      ['a', '2020-01-01', '0.25', '0', '1.0', 'NY', '44', '2020'],
    ]),
    mapping,
  );
  assert.deepEqual(
    rows.map((row) => row.predictionId),
    ['a', 'b'],
  );
  const [first] = rows;
  assert.ok(first);
  const parsed = parsePrediction(JSON.parse(first.prediction));
  assert.ok(parsed.ok);
  assert.deepEqual(
    [...parsed.value.features],
    [
      ['region', 'NY'],
      ['age', 44],
    ],
  );
  assert.deepEqual([...parsed.value.segments], [['region', 'NY']]);
  assert.equal(parsed.value.score, 0.25);
  assert.equal(parsed.value.label, '0');
  assert.deepEqual(JSON.parse(first.label ?? ''), {
    prediction_id: 'a',
    model: 'loan',
    label: 1,
    timestamp: Date.UTC(2020, 0, 1) + 1000,
  });
  assert.equal(rows[1]?.label, null, 'no outcome, no label');
});

test('a row without a time is an error that names file and row', async () => {
  await assert.rejects(
    readEventRows('f.csv', table([['a', 'soon', '0.25', '0', '1', 'NY', '44', '2020']]), mapping),
    /f\.csv: row 1: no event time/,
  );
});
