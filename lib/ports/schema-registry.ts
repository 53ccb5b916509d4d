/** A schema as it was registered. */
export interface RegisteredSchema {
  /** `AVRO`, `JSON` or `PROTOBUF`. */
  type: string;
  /** Texts of the schemas, each behind those it refers to; the last one is the one asked for. */
  texts: readonly string[];
}

/** Where producers of Confluent wire format keep their schemas. Implementation: adapters/schema-registry. */
export interface SchemaRegistry {
  /**
   * The schema of an id, which never changes; null: there is none. Rejects with RegistryUnavailableError where the
   * registry cannot be asked, or gives no answer that can be relied on.
   */
  schema(id: number): Promise<RegisteredSchema | null>;
}

/** The registry is away, or is none: what needs it has to wait. */
export class RegistryUnavailableError extends Error {
  override readonly name = 'RegistryUnavailableError';
}
