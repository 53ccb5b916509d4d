import type { WindowKey } from '../../lib/core/chunks/types.ts';
import { type ProgressMessage, TOPICS, type WindowsMessage } from '../../lib/core/messages/types.ts';
import type { NewRecord } from '../../lib/ports/log.ts';
import type { Environment } from './environment.ts';

const WINDOWS_PER_MESSAGE = 500;

type Origin = Pick<ProgressMessage, 'topic' | 'incarnation' | 'partition' | 'reach'>;

/** Tells the detectors, on `driftline.windows`, what has become durable. */
export class Announcer {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /**
   * First which windows changed, each to its model's partition, then to every partition how far the input has come: in
   * this order nobody takes a window for complete before hearing of its last rows.
   */
  async announce(progress: readonly ProgressMessage[], windows: readonly WindowKey[] = []): Promise<void> {
    const { log, codec } = this.#environment.context;
    if (progress.length === 0) return;
    await this.#environment.persist(TOPICS.windows, async () => {
      const { partitions } = await log.describeTopic(TOPICS.windows);
      const records = progress
        .flatMap((origin) => windowsMessages(origin, windows))
        .map((message): NewRecord => ({ key: message.model, value: codec.encodeAnnouncement(message) }));
      for (const message of progress) {
        const value = codec.encodeAnnouncement(message);
        for (let partition = 0; partition < partitions; partition++) records.push({ key: null, value, partition });
      }
      await log.append(TOPICS.windows, records);
    });
  }
}

function windowsMessages(origin: Origin, windows: readonly WindowKey[]): WindowsMessage[] {
  const { topic, incarnation, partition, reach } = origin;
  const byModel = new Map<string, WindowKey[]>();
  for (const window of windows) {
    const own = byModel.get(window.model);
    if (own === undefined) byModel.set(window.model, [window]);
    else own.push(window);
  }
  return [...byModel].flatMap(([model, own]) =>
    inSlices(own, WINDOWS_PER_MESSAGE).map((slice) => ({
      kind: 'windows' as const,
      topic,
      incarnation,
      partition,
      reach,
      model,
      windows: slice.map(({ version, role, windowStart, windowEnd }) => ({
        version,
        role,
        start: windowStart,
        end: windowEnd,
      })),
    })),
  );
}

function inSlices<T>(items: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, i) => items.slice(i * length, (i + 1) * length));
}
