import { createLocalPagerDuty, type LocalPagerDuty } from '../../services/pagerduty-local/index.ts';

type Respond = NonNullable<Parameters<typeof createLocalPagerDuty>[0]['respond']>;
type Trouble = 'hang' | 'reset_after_accept' | 429 | 500;

const TROUBLES: readonly Trouble[] = ['hang', 'reset_after_accept', 429, 500];

export interface Page {
  action: string;
  key: string;
}

/** A local PagerDuty that can be put into trouble, and what it took: answered 202, or dropped after it was taken. */
export class Pager {
  readonly taken: Page[] = [];
  readonly server: LocalPagerDuty;
  #trouble: Trouble | null = null;

  constructor() {
    const respond: Respond = (_request, event) => this.#respond(event);
    this.server = createLocalPagerDuty({ port: 0, respond });
  }

  /** Any trouble, by `pick` from 0 to 1; null ends it. */
  trouble(pick: number | null): string {
    this.#trouble = pick === null ? null : TROUBLES[Math.floor(pick * TROUBLES.length)]!;
    return String(this.#trouble);
  }

  #respond(event: unknown): ReturnType<Respond> {
    const trouble = this.#trouble;
    if (trouble === null || trouble === 'reset_after_accept') this.#take(event);
    if (trouble === null) return null;
    if (typeof trouble === 'number') return { kind: 'status', status: trouble };
    return { kind: trouble };
  }

  #take(event: unknown): void {
    const { event_action, dedup_key } = event as { event_action: string; dedup_key: string };
    this.taken.push({ action: event_action, key: dedup_key });
  }
}
