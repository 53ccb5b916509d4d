/**
 * A language of scripted streams: what happens, and what must be true then, as plain data. Times are seconds of event
 * time after T0; window n is [60 n, 60 n + 60). Steps run one after the other on the real aggregator and detector (see
 * world.ts); the clock is the aggregator's, and moves only by the script.
 */
export type Step = Element | Expectation;

export type Element =
  /** Records into one partition, in one append. */
  | {
      step: 'send';
      partition: number;
      /** Event times. */
      at: readonly number[];
      /** Arrival of all of them; each one's own event time where absent. */
      arrival?: number;
      /** The arrival is in the record's header: the record belongs to a replay. */
      replay?: boolean;
      /** No event, only the arrival: as a replay ends. */
      progress?: boolean;
      /** Added to x0: what the baseline does not know. */
      shift?: number;
    }
  /** Moves the clock forward, once everything sent to partitions that are not held was made durable. */
  | { step: 'clock'; to: number }
  /** Records of the partition stay in the broker, unread, until it is let go. */
  | { step: 'hold' | 'let-go'; partition: number }
  /** Whether the broker answers how far its partitions reach. */
  | { step: 'broker'; answers: boolean }
  | { step: 'start' | 'stop' | 'restart'; service: ScriptedService }
  | { step: 'add-partitions'; partitions: number }
  /** The topic is deleted and created again. */
  | { step: 'recreate'; partitions: number }
  /** Somebody commits this offset for the aggregator's group, which must be stopped. */
  | { step: 'commit'; partition: number; offset: number };

export type ScriptedService = 'aggregator' | 'detector' | 'notifier';

export type Expectation =
  /** Times passed by each partition as announced last, and by all as the detector sees it; null: unknown. */
  | { step: 'watermark'; partitions: readonly (number | null)[]; overall: number | null }
  /** `revision` null: any, where what was sent may be flushed in several goes. */
  | { step: 'window'; window: number; state: WindowState; events: number; revision: number | null }
  /** The partition is not read, and the aggregator says why. */
  | { step: 'halted'; because: string }
  | { step: 'lost'; reason: string; events: number }
  /** Alert events as a subscriber takes them (by episode, each revision once, lower ones ignored): `STATE REVISION`. */
  | { step: 'alerts'; events: readonly string[] }
  /** What PagerDuty took: `trigger` or `resolve`, in order. */
  | { step: 'pages'; actions: readonly string[] };

/** `none`: no event of the window is durable. */
export type WindowState = 'none' | 'provisional' | 'complete' | 'revised';

export const WINDOW_S = 60;

type Send = Extract<Element, { step: 'send' }>;
type SendOptions = Omit<Send, 'step' | 'partition' | 'at'>;

export const send = (partition: number, at: number | readonly number[], options: SendOptions = {}): Send => ({
  step: 'send',
  partition,
  at: typeof at === 'number' ? [at] : at,
  ...options,
});
/** `count` events evenly over the window, each arriving as it happens. */
export const fill = (partition: number, window: number, count: number, options: SendOptions = {}): Send =>
  send(
    partition,
    Array.from({ length: count }, (_, i) => window * WINDOW_S + (i * WINDOW_S) / count),
    options,
  );
/** A replay's last record: no event, only that the partition has come so far. */
export const endOfReplay = (partition: number, arrival: number): Send =>
  send(partition, arrival, { arrival, replay: true, progress: true });
export const clock = (to: number): Step => ({ step: 'clock', to });
export const hold = (partition: number): Step => ({ step: 'hold', partition });
export const letGo = (partition: number): Step => ({ step: 'let-go', partition });
export const broker = (answers: boolean): Step => ({ step: 'broker', answers });
export const start = (service: ScriptedService): Step => ({ step: 'start', service });
export const stop = (service: ScriptedService): Step => ({ step: 'stop', service });
export const restart = (service: ScriptedService): Step => ({ step: 'restart', service });
export const addPartitions = (partitions: number): Step => ({ step: 'add-partitions', partitions });
export const recreate = (partitions: number): Step => ({ step: 'recreate', partitions });
export const commit = (partition: number, offset: number): Step => ({ step: 'commit', partition, offset });

export const watermark = (partitions: readonly (number | null)[], overall: number | null): Step => ({
  step: 'watermark',
  partitions,
  overall,
});
export const window = (number: number, state: WindowState, events: number, revision: number | null = 0): Step => ({
  step: 'window',
  window: number,
  state,
  events,
  revision,
});
export const halted = (because: string): Step => ({ step: 'halted', because });
export const lost = (reason: string, events: number): Step => ({ step: 'lost', reason, events });
export const alerts = (...events: string[]): Step => ({ step: 'alerts', events });
export const pages = (...actions: string[]): Step => ({ step: 'pages', actions });
