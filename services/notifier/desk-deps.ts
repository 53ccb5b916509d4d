import type { Channel } from '../../lib/ports/channel.ts';
import type { Store } from '../../lib/ports/store.ts';
import type { Gate } from './gate.ts';
import type { LaneDeps } from './lane.ts';

/** What a desk works with. */
export interface DeskDeps extends Omit<LaneDeps, 'channel' | 'gate' | 'record'> {
  store: Store;
  channels: readonly { channel: Channel; gate: Gate }[];
  /** Called when deliveries came to an end, one way or the other. */
  onFinal(): void;
  urlOf(incident: string): string | null;
  /** Tries until the store has done it, or until the signal aborts. */
  stored<T>(task: () => Promise<T>): Promise<T>;
}
