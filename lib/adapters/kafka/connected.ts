interface Client {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/** A kafkajs client that connects when first needed, tries again when that failed, and can be replaced. */
export class Connected<C extends Client> {
  private readonly create: () => C;
  private current: C;
  private connection: Promise<void> | null = null;

  constructor(create: () => C) {
    this.create = create;
    this.current = create();
  }

  get client(): C {
    return this.current;
  }

  ready(): Promise<void> {
    const { current } = this;
    this.connection ??= current.connect().catch((error) => {
      if (current === this.current) this.connection = null;
      throw error;
    });
    return this.connection;
  }

  /** What is under way on the old client may fail as unavailable. */
  renew(): void {
    const { current, connection } = this;
    this.current = this.create();
    this.connection = null;
    if (connection !== null) current.disconnect().catch(() => {});
  }

  async close(): Promise<void> {
    if (this.connection !== null) await this.current.disconnect();
  }
}
