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
  private silentLooks = 0;

  /** `joined`: whether it should be beating. `rejoin` is called when it has not for two sessions. */
  constructor(sessionTimeoutMs: number, joined: () => boolean, rejoin: () => void) {
    const every = Math.max(LEAST_LOOK_MS, sessionTimeoutMs / LOOKS);
    this.timer = setInterval(() => {
      this.silentLooks = joined() ? this.silentLooks + 1 : 0;
      if (this.silentLooks <= SESSIONS * LOOKS) return;
      this.silentLooks = 0;
      rejoin();
    }, every);
    this.timer.unref();
  }

  /** For every heartbeat that was answered, and every join. */
  readonly beat = (): void => {
    this.silentLooks = 0;
  };

  stop(): void {
    clearInterval(this.timer);
  }
}
