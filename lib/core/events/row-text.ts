import { MISSING, NUMBER, type PredictionBlock } from './block.ts';
import type { EventShape } from './shape.ts';
import type { FeatureValue } from './types.ts';

/** Writes rows of a block as the JSON of single events, as `predictionToText` does with decoded ones. */
export class RowTexts {
  #shape: EventShape | null = null;
  /** Of each column its key, colon behind it. */
  #keys: string[] = [];

  /** What the block does not hold (probabilities, protected attributes …) is null or empty. */
  text(block: PredictionBlock, row: number): string {
    const { shape } = block;
    if (shape !== this.#shape) this.#learn(shape);
    const json = (column: number): string => cellText(block, column, row);
    return (
      `{"prediction_id":${JSON.stringify(block.id(row))},"model":${JSON.stringify(block.models[row])},` +
      `"version":${JSON.stringify(block.versions[row])},"timestamp":${block.timestamps[row]},` +
      `"features":{${this.#entries(block, row, 0, shape.features, false)}},` +
      `"prediction":{"label":${json(shape.label)},"score":${json(shape.features)},"value":${json(shape.value)},` +
      `"probabilities":null},"role":${JSON.stringify(block.roles[row])},"request_id":null,` +
      `"segments":{${this.#entries(block, row, shape.segments, shape.columns.length, true)}},"protected":{},` +
      `"latency_ms":${json(shape.latency)},"error":${JSON.stringify(block.errors[row])},` +
      `"label":${valueText(block.truths[row]!)},"attributions":null}`
    );
  }

  #entries(block: PredictionBlock, row: number, from: number, to: number, present: boolean): string {
    let text = '';
    for (let column = from; column < to; column++) {
      if (present && block.tags[column * block.rows + row] === MISSING) continue;
      text += `${text === '' ? '' : ','}${this.#keys[column]}${cellText(block, column, row)}`;
    }
    return text;
  }

  #learn(shape: EventShape): void {
    this.#shape = shape;
    this.#keys = shape.columns.map((name, column) => {
      const key = column < shape.segments ? name : name.slice('segment.'.length);
      return `${JSON.stringify(key)}:`;
    });
  }
}

function cellText(block: PredictionBlock, column: number, row: number): string {
  const at = column * block.rows + row;
  if (block.tags[at] === NUMBER) return numberText(block.numbers[at]!);
  return block.tags[at] === MISSING ? 'null' : valueText(block.others[at]!);
}

function valueText(value: FeatureValue): string {
  return typeof value === 'number' ? numberText(value) : JSON.stringify(value);
}

/** JSON has no word for NaN and ±∞: they are texts, so that they are not taken for missing. */
function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}
