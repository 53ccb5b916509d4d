/**
 * Rows as JSONEachRow text, keeping every bit of a Float64: unlike JSON.stringify it writes NaN, ±inf and -0 as the engine
 * reads them, typed arrays as arrays and bigints as digits. Lone surrogates, which no UTF-8 text can hold, become U+FFFD.
 */
export function encodeRows(rows: Iterable<JsonRow>): string {
  let text = '';
  for (const row of rows) text += `${encode(row)}\n`;
  return text;
}

type JsonRow = Readonly<Record<string, unknown>>;

/** UTF-16 code units of a piece, rows of any size apart. */
const PIECE = 256 * 1024;

/** The same text in pieces, each made when it is asked for: rows may be more than memory should hold at once. */
export function* encodePieces(rows: Iterable<JsonRow>): Generator<string> {
  let text = '';
  for (const row of rows) {
    text += `${encode(row)}\n`;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** Whether there is nothing; of a generator made anew for each iteration only the first item is made. */
export function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false;
  return true;
}

function encode(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return encodeString(value);
    case 'number':
      return encodeNumber(value);
    case 'bigint':
      return value.toString();
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : encodeObject(value);
    default:
      throw new TypeError(`a row cannot hold a ${typeof value}`);
  }
}

function encodeNumber(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0';
  if (Number.isFinite(value)) return `${value}`;
  if (Number.isNaN(value)) return '"nan"';
  return value > 0 ? '"inf"' : '"-inf"';
}

function encodeObject(value: object): string {
  if (Array.isArray(value)) return encodeItems(value);
  if (ArrayBuffer.isView(value)) return encodeItems(value as Float64Array);
  if (value instanceof Date) return `"${value.toISOString().replace('T', ' ').replace('Z', '')}"`;
  return encodeFields(value);
}

function encodeItems(items: ArrayLike<unknown>): string {
  // Sketches are long arrays of plain numbers, which JSON.stringify writes twice as fast.
  if (Array.isArray(items) && items.every(isPlainNumber)) return JSON.stringify(items);
  let text = '[';
  for (let i = 0; i < items.length; i += 1) text += i === 0 ? encode(items[i]) : `,${encode(items[i])}`;
  return `${text}]`;
}

function isPlainNumber(item: unknown): boolean {
  return typeof item === 'number' && Number.isFinite(item) && !Object.is(item, -0);
}

function encodeFields(value: object): string {
  let text = '';
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    text += `${text === '' ? '' : ','}${encodeString(key)}:${encode(item)}`;
  }
  return `{${text}}`;
}

/** JSON.stringify writes a lone surrogate as an escape that the engine refuses. */
function encodeString(text: string): string {
  const json = JSON.stringify(text);
  return json.includes('\\ud') ? JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd')) : json;
}
