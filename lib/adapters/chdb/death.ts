import type { EngineError } from '../../ports/engine.ts';

const ABORTED = 236;
/** The code alone also stands for statements that somebody cancelled. */
const DYING = /shutting down due to a fatal error/;

/** Whether the engine says with this that it has crashed and answers nothing any more. */
export function tellsDeath({ code, message }: EngineError): boolean {
  return code === ABORTED && DYING.test(message);
}

/** Notices that the engine has died, by what it answers. */
export interface DeathWatch {
  readonly failed: Promise<never>;
  readonly dead: boolean;
  /** To be told every error of the engine's. */
  saw(error: EngineError): void;
}

/**
 * `probe` runs a statement that nothing but death refuses: a SQL client can word an error as it likes, but not another
 * connection's.
 */
export function watchForDeath(probe: () => Promise<unknown>): DeathWatch {
  let dead = false;
  let probing = false;
  let reject!: (error: EngineError) => void;
  const failed = new Promise<never>((_, onReject) => {
    reject = onReject;
  });
  failed.catch(() => {});

  async function confirm(error: EngineError): Promise<void> {
    probing = true;
    const refused = await probe().then(
      () => false,
      (answer: unknown) => tellsDeath(answer as EngineError),
    );
    probing = false;
    if (!refused) return;
    dead = true;
    endByKill();
    reject(error);
  }

  return {
    failed,
    get dead() {
      return dead;
    },
    saw(error) {
      if (!dead && !probing && tellsDeath(error)) void confirm(error);
    },
  };
}

/** An ordinary exit would wait for the engine's threads, one of which is parked for ever. */
function endByKill(): void {
  process.prependOnceListener('exit', () => void process.kill(process.pid, 'SIGKILL'));
}
