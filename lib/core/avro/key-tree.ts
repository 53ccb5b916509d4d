import type { EventShape } from '../events/shape.ts';
import type { AvroBytes } from './bytes.ts';

/** Branches of one node: past them, events of more forms are read by the library. */
const MOST_BRANCHES = 64;

/** What the tree may take: some 30,000 places. Past it all is forgotten, as producers change. */
const MOST_BYTES = 24 * 1024 * 1024;
/** Of a place, beside its key, which is there twice. */
const NODE_BYTES = 800;
/** Lengths below take one byte. */
const ONE_BYTE = 64;
const NO_KEY = new Uint8Array(0);
const NO_WORDS = new Int32Array(0);

/** A place in the order of keys that events have: of all their maps, one after another. */
export class KeyNode {
  readonly #keys: Uint8Array[] = [];
  readonly #next: KeyNode[] = [];
  /** The key that was met first and what is behind it: mostly the only one; by four bytes at a time. */
  key: Uint8Array = NO_KEY;
  words: Int32Array = NO_WORDS;
  first: KeyNode | null = null;
  /** Behind a map's last key. */
  end: KeyNode | null = null;
  /** Of events whose keys end here. */
  shape: EventShape | null = null;

  /** Reads a key; null where no event had it here. */
  follow(from: AvroBytes): KeyNode | null {
    const size = from.size();
    const { at, bytes } = from;
    from.at = at + size;
    const keys = this.#keys;
    for (let i = 0; i < keys.length; i++) if (isAt(keys[i]!, bytes, at, size)) return this.#next[i]!;
    return null;
  }

  /** Reads the first of the keys, if it is there and short; else reads nothing and returns null. */
  followFirst(from: AvroBytes): KeyNode | null {
    const { bytes, view, at } = from;
    const { key, words } = this;
    const size = key.length;
    const end = at + 1 + size;
    if (size >= ONE_BYTE || end > bytes.length || bytes[at] !== 2 * size) return null;
    const base = from.base + at + 1;
    for (let i = 0; i < words.length; i++) if (view.getInt32(base + 4 * i, true) !== words[i]) return null;
    for (let i = 4 * words.length; i < size; i++) if (key[i] !== bytes[at + 1 + i]) return null;
    from.at = end;
    return this.first;
  }

  /** The node behind a key, made if need be, where there are not too many. */
  grow(key: Uint8Array): KeyNode | null {
    const known = this.#keys.findIndex((one) => isAt(one, key, 0, key.length));
    if (known >= 0) return this.#next[known]!;
    if (this.#keys.length >= MOST_BRANCHES) return null;
    const node = new KeyNode();
    if (this.first === null) {
      this.key = key;
      this.words = wordsOf(key);
      this.first = node;
    }
    this.#keys.push(key);
    this.#next.push(node);
    return node;
  }
}

/** The orders of keys that events of one layout have had. */
export class KeyTree {
  root = new KeyNode();
  #bytes = 0;

  /** Takes the keys of an event's maps, in the order of its bytes. */
  teach(maps: Iterable<Iterable<string>>, shape: EventShape): void {
    if (this.#bytes >= MOST_BYTES) {
      this.root = new KeyNode();
      this.#bytes = 0;
    }
    let node: KeyNode | null = this.root;
    for (const keys of maps) {
      node = this.#grow(node, keys);
      if (node === null) return;
    }
    node.shape = shape;
  }

  #grow(from: KeyNode, keys: Iterable<string>): KeyNode | null {
    let node: KeyNode | null = from;
    for (const key of keys) {
      this.#bytes += NODE_BYTES + 2 * key.length;
      node = node.grow(new TextEncoder().encode(key));
      if (node === null) return null;
    }
    node.end ??= new KeyNode();
    return node.end;
  }
}

function isAt(key: Uint8Array, bytes: Uint8Array, at: number, size: number): boolean {
  if (key.length !== size) return false;
  for (let i = 0; i < size; i++) if (key[i] !== bytes[at + i]) return false;
  return true;
}

function wordsOf(key: Uint8Array): Int32Array {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return Int32Array.from({ length: key.length >> 2 }, (_, i) => view.getInt32(4 * i, true));
}
