import { add, copy, load, multiply, put, R, rotate, shiftMix, spin, subtract, xor } from './words.ts';

/** Slots: variables of the algorithm, then constants. */
const X = 0;
const Y = 2;
const Z = 4;
const V1 = 6;
const V2 = 8;
const W1 = 10;
const W2 = 12;
const A = 14;
const B = 16;
const C = 18;
const D = 20;
const T = 22;
const U = 24;
const L = 26;
const K0 = 28;
const K1 = 30;
const K2 = 32;
const K3 = 34;
const MUL = 36;
put(K0, 0xc3a5c85c, 0x97cb3127);
put(K1, 0xb492b66f, 0xbe98f273);
put(K2, 0x9ae16a3b, 0x2f90404f);
put(K3, 0xc949d7c7, 0x509e6557);
put(MUL, 0x9ddfea08, 0xeb382d69);

/**
 * CityHash128 of version 1.0.2 (Google, MIT licence), with which ClickHouse guards its compressed blocks; other versions
 * give other hashes. Of at least 8 bytes (a block has more). Its 16 bytes are as ClickHouse writes them: the low half, then
 * the high half, each little-endian.
 */
export function cityHash128(bytes: Buffer): Buffer {
  const { length } = bytes;
  if (length >= 16) {
    load(A, bytes, 0);
    xor(A, A, K3);
    load(B, bytes, 8);
    hashWithSeed(bytes, 16, length - 16);
  } else {
    put(L, 0, length);
    load(A, bytes, 0);
    multiply(T, L, K0);
    xor(A, A, T);
    load(B, bytes, length - 8);
    xor(B, B, K1);
    hashWithSeed(bytes, length, 0);
  }
  const hash = Buffer.alloc(16);
  for (const [i, slot] of [A, A + 1, B, B + 1].entries()) hash.writeInt32LE(R[slot]!, i * 4);
  return hash;
}

/** Seed in A and B, result there too. */
function hashWithSeed(bytes: Buffer, start: number, length: number): void {
  if (length < 128) murmur(bytes, start, length);
  else hashLong(bytes, start, length);
}

function murmur(bytes: Buffer, start: number, length: number): void {
  put(L, 0, length);
  if (length <= 16) {
    multiply(A, A, K1);
    shiftMix(A);
    multiply(A, A, K1);
    multiply(C, B, K1);
    hashShort(T, bytes, start, length);
    add(C, C, T);
    if (length >= 8) load(D, bytes, start);
    else copy(D, C);
    add(D, D, A);
    shiftMix(D);
  } else {
    copy(C, K1);
    addWord(C, bytes, start + length - 8);
    hash16(C, C, A);
    add(D, B, L);
    load(T, bytes, start + length - 16);
    add(T, T, C);
    hash16(D, D, T);
    add(A, A, D);
    for (let at = start, left = length - 16; left > 0; at += 16, left -= 16) {
      mixInto(A, bytes, at);
      xor(B, B, A);
      mixInto(C, bytes, at + 8);
      xor(D, D, C);
    }
  }
  hash16(A, A, C);
  hash16(B, D, B);
  xor(C, A, B);
  hash16(B, B, A);
  copy(A, C);
}

/** `slot` = (slot ^ shiftMix(word * k1) * k1) * k1 */
function mixInto(slot: number, bytes: Buffer, at: number): void {
  load(T, bytes, at);
  multiply(T, T, K1);
  shiftMix(T);
  multiply(T, T, K1);
  xor(slot, slot, T);
  multiply(slot, slot, K1);
}

function hashLong(bytes: Buffer, start: number, length: number): void {
  copy(X, A);
  copy(Y, B);
  put(L, 0, length);
  multiply(Z, L, K1);
  xor(T, Y, K1);
  spin(V1, T, 49, K1);
  addWord(V1, bytes, start);
  spin(V2, V1, 42, K1);
  addWord(V2, bytes, start + 8);
  add(T, Y, Z);
  spin(W1, T, 35, K1);
  add(W1, W1, X);
  copy(W2, X);
  addWord(W2, bytes, start + 88);
  spin(W2, W2, 53, K1);
  let at = start;
  let left = length;
  for (; left >= 128; at += 128, left -= 128) {
    round(bytes, at);
    round(bytes, at + 64);
  }
  finish(bytes, at, left);
}

function round(bytes: Buffer, at: number): void {
  add(X, X, Y);
  add(X, X, V1);
  addWord(X, bytes, at + 16);
  spin(X, X, 37, K1);
  add(Y, Y, V2);
  addWord(Y, bytes, at + 48);
  spin(Y, Y, 42, K1);
  xor(X, X, W2);
  xor(Y, Y, V1);
  xor(Z, Z, W1);
  rotate(Z, Z, 33);
  multiply(V1, V2, K1);
  add(V2, X, W1);
  weakHash(V1, V2, bytes, at);
  add(W1, Z, W2);
  copy(W2, Y);
  weakHash(W1, W2, bytes, at + 32);
  copy(T, Z);
  copy(Z, X);
  copy(X, T);
}

function finish(bytes: Buffer, at: number, left: number): void {
  spin(T, W1, 37, K0);
  add(Y, Y, T);
  add(Y, Y, Z);
  add(T, V1, Z);
  spin(T, T, 49, K0);
  add(X, X, T);
  for (let done = 32; done < left + 32; done += 32) {
    subtract(T, Y, X);
    spin(T, T, 42, K0);
    add(Y, T, V2);
    addWord(W1, bytes, at + left - done + 16);
    spin(X, X, 49, K0);
    add(X, X, W1);
    add(W1, W1, V1);
    weakHash(V1, V2, bytes, at + left - done);
  }
  hash16(X, X, V1);
  hash16(Y, Y, W1);
  add(A, X, V2);
  hash16(A, A, W2);
  add(A, A, Y);
  add(B, X, W2);
  add(T, Y, V2);
  hash16(B, B, T);
}

/** Adds the eight bytes at `at`. */
function addWord(slot: number, bytes: Buffer, at: number): void {
  load(T, bytes, at);
  add(slot, slot, T);
}

/** Of 32 bytes, with seeds in `a` and `b`, the results there too. */
function weakHash(a: number, b: number, bytes: Buffer, at: number): void {
  load(T, bytes, at);
  add(a, a, T);
  load(T, bytes, at + 24);
  add(b, b, a);
  add(b, b, T);
  rotate(b, b, 21);
  copy(C, a);
  load(U, bytes, at + 8);
  add(a, a, U);
  load(U, bytes, at + 16);
  add(a, a, U);
  rotate(U, a, 44);
  add(b, b, U);
  add(a, a, T);
  add(b, b, C);
}

/** Of at most 16 bytes; L holds their number. */
function hashShort(to: number, bytes: Buffer, start: number, length: number): void {
  if (length > 8) {
    load(T, bytes, start + length - 8);
    copy(V1, T);
    add(T, T, L);
    rotate(T, T, length);
    load(D, bytes, start);
    hash16(D, D, T);
    xor(to, D, V1);
  } else if (length >= 4) {
    const first = bytes.readUInt32LE(start);
    put(D, first >>> 29, (first << 3) | 0);
    add(D, D, L);
    put(T, 0, bytes.readUInt32LE(start + length - 4));
    hash16(to, D, T);
  } else if (length > 0) {
    const y = bytes[start]! + (bytes[start + (length >> 1)]! << 8);
    put(D, 0, y);
    multiply(D, D, K2);
    put(T, 0, length + (bytes[start + length - 1]! << 2));
    multiply(T, T, K3);
    xor(D, D, T);
    shiftMix(D);
    multiply(to, D, K2);
  } else copy(to, K2);
}

function hash16(to: number, low: number, high: number): void {
  copy(U, high);
  xor(T, low, high);
  multiply(T, T, MUL);
  shiftMix(T);
  xor(T, U, T);
  multiply(T, T, MUL);
  shiftMix(T);
  multiply(to, T, MUL);
}
