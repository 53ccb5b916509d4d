/**
 * Arithmetic on unsigned numbers of 64 bits, each a pair of words in `R`, low word first: BigInt would take seconds for a
 * large body. Operands are slots, indices of low words; results wrap around.
 */
export const R = new Int32Array(64);

export function put(to: number, high: number, low: number): void {
  R[to] = low;
  R[to + 1] = high;
}

export function copy(to: number, from: number): void {
  R[to] = R[from]!;
  R[to + 1] = R[from + 1]!;
}

export function load(to: number, bytes: Buffer, at: number): void {
  R[to] = word(bytes, at);
  R[to + 1] = word(bytes, at + 4);
}

/** Twice as fast as readInt32LE. */
function word(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

export function xor(to: number, a: number, b: number): void {
  R[to] = R[a]! ^ R[b]!;
  R[to + 1] = R[a + 1]! ^ R[b + 1]!;
}

export function add(to: number, a: number, b: number): void {
  const low = (R[a]! >>> 0) + (R[b]! >>> 0);
  R[to + 1] = R[a + 1]! + R[b + 1]! + (low > 0xffff_ffff ? 1 : 0);
  R[to] = low;
}

export function subtract(to: number, a: number, b: number): void {
  const low = (R[a]! >>> 0) - (R[b]! >>> 0);
  R[to + 1] = R[a + 1]! - R[b + 1]! - (low < 0 ? 1 : 0);
  R[to] = low;
}

/** To the right, by 1 to 63 bits. */
export function rotate(to: number, from: number, bits: number): void {
  const low = R[bits < 32 ? from : from + 1]!;
  const high = R[bits < 32 ? from + 1 : from]!;
  const by = bits & 31;
  R[to] = by === 0 ? low : (low >>> by) | (high << (32 - by));
  R[to + 1] = by === 0 ? high : (high >>> by) | (low << (32 - by));
}

/** `to` = rotate(`from`, bits) * factor */
export function spin(to: number, from: number, bits: number, factor: number): void {
  rotate(to, from, bits);
  multiply(to, to, factor);
}

/** x ^ (x >>> 47) */
export function shiftMix(slot: number): void {
  R[slot] = R[slot]! ^ (R[slot + 1]! >>> 15);
}

export function multiply(to: number, a: number, b: number): void {
  const aLow = R[a]!;
  const bLow = R[b]!;
  const high = Math.imul(aLow, R[b + 1]!) + Math.imul(R[a + 1]!, bLow);
  R[to + 1] = high + multiplyHigh(aLow, bLow);
  R[to] = Math.imul(aLow, bLow);
}

/** The upper word of the product of two unsigned words. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const low = Math.imul(a0, b0) >>> 0;
  const left = Math.imul(a1, b0) >>> 0;
  const right = Math.imul(a0, b1) >>> 0;
  const middle = (low >>> 16) + (left & 0xffff) + (right & 0xffff);
  return (Math.imul(a1, b1) >>> 0) + (left >>> 16) + (right >>> 16) + (middle >>> 16);
}
