import type { EncodedRows } from '../../lib/core/sql/native-rows.ts';
import { groupCommit } from '../../lib/runtime/group-commit.ts';
import { type ChunkInsert, insertChunkRows } from '../../lib/tables/chunk-rows.ts';
import { type Manifest, writeManifests } from '../../lib/tables/manifests.ts';
import { insertLabels, insertPredictions } from '../../lib/tables/raw.ts';
import type { Environment } from './environment.ts';

/**
 * Writes what the partitions of this process flush, those that flush at once in one INSERT: a part of a table costs about
 * the same whether it has the rows of one partition or of all.
 */
export class LedgerWriter {
  readonly #environment: Environment;
  readonly #rows: (inserts: readonly ChunkInsert[]) => Promise<void>;
  readonly #manifests: (manifests: readonly Manifest[]) => Promise<void>;
  readonly #predictions: (rows: readonly EncodedRows[]) => Promise<void>;
  readonly #labels: (rows: readonly EncodedRows[]) => Promise<void>;

  constructor(environment: Environment) {
    const { store } = environment.context;
    this.#environment = environment;
    this.#rows = groupCommit((inserts) => insertChunkRows(store, inserts));
    this.#manifests = groupCommit((manifests) => writeManifests(store, manifests));
    this.#predictions = groupCommit((rows) => insertPredictions(store, rows));
    this.#labels = groupCommit((rows) => insertLabels(store, rows));
  }

  /** Resolves when the rows are durable. */
  async rows(insert: ChunkInsert): Promise<void> {
    await this.#environment.persist('chunk_rows', () => this.#rows([insert]));
  }

  async manifest(manifest: Manifest): Promise<void> {
    await this.#environment.persist('manifest_rows', () => this.#manifests([manifest]));
  }

  /** Rows of the raw prediction log. */
  async predictions(rows: EncodedRows): Promise<void> {
    if (rows.count > 0) await this.#environment.persist('prediction_rows', () => this.#predictions([rows]));
  }

  async labels(rows: EncodedRows): Promise<void> {
    if (rows.count > 0) await this.#environment.persist('label_rows', () => this.#labels([rows]));
  }
}
