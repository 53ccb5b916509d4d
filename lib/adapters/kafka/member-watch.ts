/** Looks in a session, and sessions without a heartbeat after which a member is none. */
const LOOKS = 3;
const SESSIONS = 2;
/** Least time between looks, ms. */
const LEAST_LOOK_MS = 1_000;

/**
 * Whether heartbeats go out. When joining again fails at the wrong moment (a coordinator that has just come back), kafkajs
 * is left without a member id: it then sends no heartbeat, fetches on as if nothing had happened, has every commit refused
 * and never joins again. Counted in looks, not by the clock: a process that was stopped has had no look meanwhile.
 */
export class MemberWatch {
  private readonly timer: NodeJS.Timeout;
  private readonly sessionTimeoutMs: number;
  private silentLooks = 0;
  /** When the heartbeat that was last seen to leave did so, and when the last one did that was answered; ms. */
  private sentAt = Number.NEGATIVE_INFINITY;
  private answeredFrom = Number.NEGATIVE_INFINITY;

  /** `joined`: whether it should be beating. `rejoin` is called when it has not for two sessions. */
  constructor(sessionTimeoutMs: number, joined: () => boolean, rejoin: () => void) {
    this.sessionTimeoutMs = sessionTimeoutMs;
    const every = Math.max(LEAST_LOOK_MS, sessionTimeoutMs / LOOKS);
    this.timer = setInterval(() => {
      this.silentLooks = joined() ? this.silentLooks + 1 : 0;
      if (this.silentLooks <= SESSIONS * LOOKS) return;
      this.silentLooks = 0;
      rejoin();
    }, every);
    this.timer.unref();
  }

  /** For every heartbeat that got an answer of some kind: when it was sent, ms. */
  sent(at: number): void {
    this.sentAt = at;
  }

  /** For every heartbeat that the group has accepted. */
  readonly beat = (): void => {
    this.silentLooks = 0;
    this.answeredFrom = this.sentAt;
  };

  /** For every join. */
  joined(now: number): void {
    this.silentLooks = 0;
    this.answeredFrom = now;
  }

  /** Whether the group still counts on this member: its session, from the last heartbeat's sending on, is not over. */
  isCounted(now: number): boolean {
    return now - this.answeredFrom < this.sessionTimeoutMs;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
