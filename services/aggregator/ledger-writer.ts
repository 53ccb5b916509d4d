import { groupCommit } from '../../lib/runtime/group-commit.ts';
import { type ChunkInsert, insertChunkRows } from '../../lib/tables/chunk-rows.ts';
import { type Manifest, writeManifests } from '../../lib/tables/manifests.ts';
import type { Environment } from './environment.ts';

/**
 * Writes what the partitions of this process flush, those that flush at once in one INSERT: a part of a table costs about
 * the same whether it has the rows of one partition or of all.
 */
export class LedgerWriter {
  readonly #environment: Environment;
  readonly #rows: (inserts: readonly ChunkInsert[]) => Promise<void>;
  readonly #manifests: (manifests: readonly Manifest[]) => Promise<void>;

  constructor(environment: Environment) {
    const { store } = environment.context;
    this.#environment = environment;
    this.#rows = groupCommit((inserts) => insertChunkRows(store, inserts));
    this.#manifests = groupCommit((manifests) => writeManifests(store, manifests));
  }

  /** Resolves when the rows are durable. */
  async rows(insert: ChunkInsert): Promise<void> {
    await this.#environment.persist('chunk_rows', () => this.#rows([insert]));
  }

  async manifest(manifest: Manifest): Promise<void> {
    await this.#environment.persist('manifest_rows', () => this.#manifests([manifest]));
  }
}
