import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disagreement } from '../../../lib/core/detection/agreement.ts';
import { groupByWindow, mergeWindow, SPEC_CHANGED, segmentName } from '../../../lib/core/detection/merge.ts';
import type { LedgerRow } from '../../../lib/core/detection/types.ts';
import type { GridCounts } from '../../../lib/core/sketch/types.ts';
import { ledgerRow, numeric, ramp } from './fixtures.ts';

const sketchRow = (feature: string, values: readonly number[], changes: Partial<LedgerRow> = {}) =>
  ledgerRow({ feature, kind: 'numeric', count: values.length, sketch: numeric(values), ...changes });
const counts = (n: number): GridCounts => ({
  count: n,
  missing: 0,
  nan: 0,
  infinite: 0,
  wrongType: 0,
  cells: [1],
  counts: [n],
  n,
});
const anyGrid = () => 'g';

test('coverage sums the offsets of every chunk and generation, and names the reach of each partition', () => {
  const rows = [
    ledgerRow({ covered: 10 }),
    ledgerRow({ covered: 14, generation: 1 }),
    ledgerRow({ chunkStart: 64, covered: 70 }),
    ledgerRow({ partition: 1, covered: 5 }),
  ];
  const window = mergeWindow('m', rows, anyGrid);
  assert.equal(window.covered, 10 + 14 + 6 + 5);
  assert.deepEqual(window.coverage, [
    ['t', 'i', 0, 70],
    ['t', 'i', 1, 5],
  ]);
  assert.equal(window.events, 40);
});

test('the order in which rows were read changes nothing', () => {
  const rows = [0, 1, 2, 3].flatMap((partition) => [
    ledgerRow({ partition, count: 50 }),
    sketchRow('x', ramp(50, partition * 10), { partition }),
  ]);
  const merged = mergeWindow('m', rows, anyGrid);
  assert.deepEqual(mergeWindow('m', [...rows].reverse(), anyGrid), merged);
  const x = merged.columns.find((column) => column.feature === 'x');
  assert.ok(x?.sketch?.kind === 'numeric');
  assert.equal(x.sketch.numeric.n, 200);
});

test('events of chunks that do not know a column are missing there', () => {
  const rows = [ledgerRow({ count: 6 }), ledgerRow({ partition: 1, count: 4 }), sketchRow('x', [1, 2, 3, 4, 5, 6])];
  const x = mergeWindow('m', rows, anyGrid).columns.find((column) => column.feature === 'x');
  assert.deepEqual([x?.count, x?.sketch?.count, x?.sketch?.missing], [10, 10, 4]);
});

test('the overflow column counts values, so it lacks nothing', () => {
  const rows = [ledgerRow({ count: 10 }), sketchRow('__other__', [1, 2])];
  const other = mergeWindow('m', rows, anyGrid).columns.find((column) => column.feature === '__other__');
  assert.deepEqual([other?.count, other?.sketch?.missing], [2, 0]);
});

test('a segment is sealed over specs that share its grid, otherwise noted without counts', () => {
  const segment = { segment: 'region=MA', kind: 'numeric' as const };
  const rows = ['a', 'b'].flatMap((specId, i) => [
    ledgerRow({ specId, chunkStart: i * 64, covered: i * 64 + 10 }),
    ledgerRow({ specId, chunkStart: i * 64, covered: i * 64 + 10, segment: 'region=MA' }),
    ledgerRow({ ...segment, specId, chunkStart: i * 64, feature: 'same', count: 10, grid: counts(10) }),
    ledgerRow({ ...segment, specId, chunkStart: i * 64, feature: 'other', count: 10, grid: counts(10) }),
  ]);
  const gridOf = (spec: string, feature: string) => (feature === 'other' ? spec : 'g');
  const { columns, specIds } = mergeWindow('m', rows, gridOf);
  const find = (feature: string) => columns.find((column) => column.segment !== '' && column.feature === feature);
  assert.deepEqual(specIds, ['a', 'b']);
  assert.deepEqual([find('same')?.grid?.n, find('same')?.note], [20, '']);
  assert.deepEqual([find('other')?.grid, find('other')?.count, find('other')?.note], [null, 0, SPEC_CHANGED]);
  assert.equal(find('')?.count, 20);
});

test('a segment that a spec of the window did not count at all is not comparable', () => {
  const rows = [
    ledgerRow({ specId: 'a' }),
    ledgerRow({ specId: 'a', segment: 'region=MA' }),
    ledgerRow({ specId: 'b', chunkStart: 64, covered: 74 }),
  ];
  const { columns } = mergeWindow('m', rows, (spec) => (spec === 'a' ? 'g' : null));
  assert.equal(columns.find((column) => column.segment === 'region=MA')?.note, SPEC_CHANGED);
});

test('windows are told apart by version, role, start and end, and come in time order', () => {
  const rows = [
    ledgerRow({ window: { start: 60_000, end: 120_000 } }),
    ledgerRow({ version: '2' }),
    ledgerRow({ role: 'shadow' }),
    ledgerRow({}),
  ];
  const order = groupByWindow(rows).map(([row]) => [row?.window.start, row?.version, row?.role]);
  assert.deepEqual(order, [
    [0, '1', 'champion'],
    [0, '1', 'shadow'],
    [0, '2', 'champion'],
    [60_000, '1', 'champion'],
  ]);
});

test('the name of a segment ends at the first equals sign', () => {
  assert.equal(segmentName('region=a=b'), 'region');
});

test('rows agree when one flush wrote them all', () => {
  const rows = [ledgerRow(), sketchRow('x', [1]), ledgerRow({ segment: 'region=MA', covered: 7 })];
  assert.equal(
    disagreement(rows, () => 10),
    null,
  );
});

test('rows of a flush under way disagree: a column behind, a segment ahead, no window row, or beyond the manifest', () => {
  const window = ledgerRow();
  assert.match(
    disagreement([window, sketchRow('x', [1], { covered: 9 })], () => 10)!,
    /x of t\/0 .* covers 9, its window 10/,
  );
  assert.match(disagreement([window, ledgerRow({ segment: 'r=1', covered: 11 })], () => 11)!, /the window \/ r=1/);
  assert.match(disagreement([sketchRow('x', [1])], () => 10)!, /no row for the window itself/);
  assert.match(disagreement([window], () => 9)!, /covers 10, its manifest 9/);
  assert.equal(
    disagreement([window, sketchRow('x', [1], { generation: 1 }), ledgerRow({ generation: 1 })], () => 10),
    null,
  );
});
