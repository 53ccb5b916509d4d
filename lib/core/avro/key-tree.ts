import type { EventShape } from '../events/shape.ts';
import type { AvroBytes } from './bytes.ts';

/** Branches of one node: past them, events of more forms are read by the library. */
const MOST_BRANCHES = 64;

/** A place in the order of keys that events have: of all their maps, one after another. */
export class KeyNode {
  readonly #keys: Uint8Array[] = [];
  readonly #next: KeyNode[] = [];
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

  /** The node behind a key, made if need be, where there are not too many. */
  grow(key: Uint8Array): KeyNode | null {
    const known = this.#keys.findIndex((one) => isAt(one, key, 0, key.length));
    if (known >= 0) return this.#next[known]!;
    if (this.#keys.length >= MOST_BRANCHES) return null;
    const node = new KeyNode();
    this.#keys.push(key);
    this.#next.push(node);
    return node;
  }
}

function isAt(key: Uint8Array, bytes: Uint8Array, at: number, size: number): boolean {
  if (key.length !== size) return false;
  for (let i = 0; i < size; i++) if (key[i] !== bytes[at + i]) return false;
  return true;
}
