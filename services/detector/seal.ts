import { baseSpecId } from '../../lib/core/chunks/frozen.ts';
import type { AggregationSpec } from '../../lib/core/chunks/spec.ts';
import { chunkName, disagreement } from '../../lib/core/detection/agreement.ts';
import { gridLookup } from '../../lib/core/detection/grids.ts';
import { groupByWindow, mergeWindow } from '../../lib/core/detection/merge.ts';
import type { GridLookup, LedgerRow, SealedState, SealedWindow } from '../../lib/core/detection/types.ts';
import type { Store } from '../../lib/ports/store.ts';
import {
  type ChunkBinding,
  type ModelRow,
  readBindings,
  readLedger,
  type WindowStarts,
} from '../../lib/tables/ledger.ts';
import { readSealedHeads, type SealedHead } from '../../lib/tables/sealed.ts';
import { loadSpec } from '../../lib/tables/specs.ts';

/** A window merged from the ledger, and under which state it is or becomes sealed. */
export interface MergedWindow {
  window: SealedWindow;
  sealed: SealedState;
  /** Of the model in the spec that the window was first sealed under. */
  timezone: string;
  /** sealed: as far as the ledger goes already; new: to be written; behind: the sealed row has more than the ledger. */
  against: 'new' | 'sealed' | 'behind';
}

export interface LedgerRead {
  windows: MergedWindow[];
  gridOf: GridLookup;
  /** Starts of windows that were being written to; to be read again shortly. */
  torn: number[];
  /** Ledger rows read, a measure of the batch. */
  rows: number;
}

/** Specs never change, so they are read once. */
export type SpecCache = Map<string, AggregationSpec>;

/** What is read of one model out of several. */
interface ModelShare {
  rows: readonly LedgerRow[];
  heads: readonly SealedHead[];
}

/** The openings of chunks, as the manifests had them before and after the rows were read. */
interface Bindings {
  before: ReadonlyMap<string, ChunkBinding>;
  after: ReadonlyMap<string, ChunkBinding>;
}

/**
 * Reads windows of some models from the ledger and merges them; in the order of `wanted`, which names each model once. A
 * window is torn where its rows disagree or go beyond what the manifest read before them vouches for (a flush in progress),
 * or where its chunk was bound to another spec while they were read. Manifests that merely moved on in between tear nothing:
 * see docs/decisions/0005-torn-reads.md.
 */
export async function readWindows(
  store: Store,
  wanted: readonly WindowStarts[],
  specs: SpecCache,
): Promise<LedgerRead[]> {
  const before = await readBindings(store, wanted);
  const rows = await readLedger(store, wanted);
  const bindings = { before: byChunk(before), after: byChunk(await readBindings(store, wanted)) };
  const heads = await readSealedHeads(store, wanted);
  const used = await specsOf(store, before, specs);
  const [ownRows, ownHeads] = [byModel(rows), byModel(heads)];
  return wanted.map(({ model }) => {
    const share = { rows: ownRows.get(model) ?? [], heads: ownHeads.get(model) ?? [] };
    return mergeModel(model, share, bindings, used);
  });
}

function byModel<R extends ModelRow>(rows: readonly R[]): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const group = groups.get(row.model);
    if (group) group.push(row);
    else groups.set(row.model, [row]);
  }
  return groups;
}

function byChunk(bindings: readonly ChunkBinding[]): Map<string, ChunkBinding> {
  return new Map(bindings.map((binding) => [chunkName(binding), binding]));
}

function mergeModel(
  model: string,
  { rows, heads }: ModelShare,
  { before, after }: Bindings,
  specs: ReadonlyMap<string, AggregationSpec>,
): LedgerRead {
  const gridOf = gridLookup(specs, model);
  const bound = rows.filter((row) => before.get(chunkName(row))?.specId === row.specId);
  const windows: MergedWindow[] = [];
  // A chunk is opened in the manifest before its first row: rows without an opening are being written.
  const settled = (chunk: string): boolean =>
    after.has(chunk) && before.get(chunk)?.specId === after.get(chunk)!.specId;
  const torn = new Set(rows.filter((row) => !settled(chunkName(row))).map((row) => row.window.start));
  for (const group of groupByWindow(bound)) {
    const { start } = group[0]!.window;
    if (torn.has(start) || isTorn(group, before)) torn.add(start);
    else windows.push(compareWithSealed(mergeWindow(model, group, gridOf), heads, specs));
  }
  return { windows, gridOf, torn: [...torn], rows: rows.length };
}

function isTorn(rows: readonly LedgerRow[], bindings: ReadonlyMap<string, ChunkBinding>): boolean {
  return disagreement(rows, (chunk) => bindings.get(chunkName(chunk))?.reach ?? 0) !== null;
}

/** A window sealed before is revised when the ledger has more; it is never sealed again from less. */
function compareWithSealed(
  window: SealedWindow,
  heads: readonly SealedHead[],
  specs: ReadonlyMap<string, AggregationSpec>,
): MergedWindow {
  const { version, role } = window;
  const head = heads.find(
    (candidate) =>
      candidate.version === version &&
      candidate.role === role &&
      candidate.start === window.window.start &&
      candidate.end === window.window.end,
  );
  if (head === undefined) {
    return { window, sealed: { state: 'complete', revision: 0 }, timezone: timezoneOf(window, specs), against: 'new' };
  }
  const { state, revision, covered, timezone } = head;
  if (covered === window.covered) return { window, sealed: { state, revision }, timezone, against: 'sealed' };
  if (covered > window.covered) return { window, sealed: { state, revision }, timezone, against: 'behind' };
  return { window, sealed: { state: 'revised', revision: revision + 1 }, timezone, against: 'new' };
}

function timezoneOf({ model, specIds }: SealedWindow, specs: ReadonlyMap<string, AggregationSpec>): string {
  const spec = specs.get(specIds[0] ?? '');
  const declared = spec?.models.find((candidate) => candidate.model === model);
  return (declared ?? spec?.defaults)?.window.timezone ?? 'UTC';
}

async function specsOf(
  store: Store,
  bindings: readonly ChunkBinding[],
  specs: SpecCache,
): Promise<Map<string, AggregationSpec>> {
  const used = new Map<string, AggregationSpec>();
  for (const id of new Set(bindings.map((binding) => baseSpecId(binding.specId)))) {
    const spec = specs.get(id) ?? (await loadSpec(store, id));
    specs.set(id, spec);
    used.set(id, spec);
  }
  return used;
}
