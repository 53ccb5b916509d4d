import { BLOCK_BYTES, type NativeBlock } from './native.ts';

/** Rows of one INSERT, encoded. */
export interface EncodedRows {
  readonly count: number;
  /** Names of the columns that the blocks have. */
  readonly columns: readonly string[];
  readonly blocks: readonly Uint8Array[];
}

/** Gathers rows that are added to one block, in blocks of a size that takes little memory beside them. */
export class NativeRows {
  readonly #block: NativeBlock;
  #count = 0;
  #blocks: Uint8Array[] = [];
  /** Of the rows in the block, about. */
  #bytes = 0;

  constructor(block: NativeBlock) {
    this.#block = block;
  }

  get count(): number {
    return this.#count;
  }

  /** After each row that was added to the block, with its bytes (about). */
  added(bytes: number): void {
    this.#count += 1;
    this.#bytes += bytes;
    if (this.#bytes >= BLOCK_BYTES) this.#close();
  }

  /** All rows since the last time. */
  take(): EncodedRows {
    this.#close();
    const taken = { count: this.#count, columns: this.#block.names, blocks: this.#blocks };
    this.#count = 0;
    this.#blocks = [];
    return taken;
  }

  #close(): void {
    const block = this.#block.take();
    if (block !== null) this.#blocks.push(block);
    this.#bytes = 0;
  }
}
