import { Random } from '../faults/support/random.ts';

const DAY = 86_400_000;

/** Length of the windows of each model, ms; undeclared models have days. */
export const WINDOW_MS: Readonly<Record<string, number>> = { orders: 10_000, alpha: 3_600_000, gamma: DAY };

/** What nobody can read. */
export const BAD_LINES = ['{"prediction_id": ', '[]', '{"model": "orders"}', 'not json'];

export interface Moment {
  /** Event time, ms. */
  now: number;
  /** The values of `orders` are shifted. */
  drifted: boolean;
  /** Shares of late and lost events are left out: the soak settles. */
  calm: boolean;
}

/**
 * Events of one producer: what they say follows from the seed and their number, but for the time. `orders` is monitored,
 * `alpha` declared, `gamma` neither.
 */
export class SoakStream {
  readonly #random: Random;
  readonly #name: string;
  #serial = 0;

  constructor(seed: number, name: string) {
    this.#random = new Random(seed);
    this.#name = name;
  }

  next({ now, drifted, calm }: Moment): { id: string; line: string } {
    const random = this.#random;
    const serial = this.#serial++;
    const id = `${this.#name}-${serial}`;
    const model = random.pick(['orders', 'orders', 'orders', 'alpha', 'gamma']);
    const [lag, lost] = [random.next(), random.next()];
    const body = this.#body(model === 'orders' && drifted);
    let timestamp = now - random.between(0, 500);
    if (!calm && lag < 0.002) timestamp -= random.between(15_000, 120_000);
    if (!calm && lost < 0.001) timestamp = lost < 0.0005 ? now - 60 * DAY : now + 2 * DAY;
    return { id, line: JSON.stringify({ prediction_id: id, model, timestamp, ...body }) };
  }

  /** Events that come long after their window was sealed. */
  late(now: number, count: number): string[] {
    return Array.from({ length: count }, () => {
      const back = this.#random.between(20_000, 180_000);
      return this.next({ now: now - back, drifted: false, calm: true }).line;
    });
  }

  /** Events with values and segments not seen before. */
  flood(now: number, count: number): string[] {
    return Array.from({ length: count }, () => {
      const { line } = this.next({ now, drifted: false, calm: true });
      const event = JSON.parse(line) as { features: { colour: string }; segments: { region: string } };
      event.features.colour = `c-${this.#random.between(0, 400)}`;
      event.segments.region = `r-${this.#random.between(0, 150)}`;
      return JSON.stringify(event);
    });
  }

  #body(drifted: boolean): object {
    const random = this.#random;
    const score = random.next();
    return {
      version: random.chance(0.7) ? '1' : '2',
      features: {
        amount: random.chance(0.02) ? null : 100 * random.next() * (drifted ? 2.5 : 1),
        items: random.between(1, 12),
        colour: random.pick(['red', 'green', 'blue']),
        ...(random.chance(0.1) ? { sparse: random.normal() } : {}),
      },
      prediction: { label: score > 0.5 ? 'yes' : 'no', score },
      segments: { region: random.pick(['MA', 'NY', 'TX']) },
      ...(random.chance(0.02) ? { error: 'timeout' } : {}),
      ...(random.chance(0.1) ? { label: random.chance(0.5) } : {}),
    };
  }
}

/** What `orders` looks like when nothing is wrong. */
export function reference(seed: number): string {
  const random = new Random(seed);
  const rows = Array.from({ length: 5000 }, () => {
    const score = random.next();
    const colour = random.pick(['red', 'green', 'blue']);
    return `${100 * random.next()},${random.between(1, 12)},${colour},${score > 0.5 ? 'yes' : 'no'},${score}`;
  });
  return `amount,items,colour,yhat,proba\n${rows.join('\n')}\n`;
}
