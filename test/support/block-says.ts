import type { PredictionBlock } from '../../lib/core/events/block.ts';

/** All that a block says of an event; arrays are only known to be there. */
export function said(block: PredictionBlock, row = 0): unknown {
  const cells = block.shape.columns.map((name, column) => {
    const value = block.cell(column, row);
    return [name, typeof value === 'object' && value !== null ? 'array' : Object.is(value, -0) ? '-0' : value];
  });
  return {
    // Segments without a value are as if they were not there.
    cells: cells.filter(([name, value]) => !(String(name).startsWith('segment.') && value === null)),
    features: block.shape.features,
    timestamp: block.timestamps[row],
    model: block.models[row],
    version: block.versions[row],
    role: block.roles[row],
    id: block.id(row),
    error: block.errors[row],
    truth: block.truths[row],
    offset: block.offsets[row],
    arrival: block.arrivals[row],
  };
}
