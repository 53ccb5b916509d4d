import { Random } from './random.ts';

export interface EventShape {
  /** Event time of the first event, ms. */
  start: number;
  /** Event time moves on by this much an event, ms; it stops where the clock is. */
  step: number;
  /** Shares of events that must end as losses (too old, too far ahead) and as dead letters. */
  lost: number;
  bad: number;
}

const DAY = 86_400_000;

/**
 * A stream of events as a producer might send them: three models (alpha and beta declared by the world, gamma not), two
 * versions, roles, numeric, categorical and boolean features, missing values, a sparse feature, errors, truth, some that
 * are lost and some that nobody can read. The same seed gives the same stream.
 */
export class EventStream {
  readonly #random: Random;
  readonly #shape: EventShape;
  #serial = 0;

  constructor(seed: number, shape: EventShape) {
    this.#random = new Random(seed);
    this.#shape = shape;
  }

  /** The next value for the log: one line of text. */
  next(): string {
    const { lost, bad, start, step } = this.#shape;
    const random = this.#random;
    const serial = this.#serial++;
    if (random.chance(bad)) return random.pick(['{"prediction_id": ', '[]', '{"model": "alpha"}', 'not json']);
    let timestamp = Math.min(start + serial * step, Date.now()) - random.between(0, 600_000);
    if (random.chance(lost)) timestamp = random.chance(0.5) ? Date.now() - 60 * DAY : Date.now() + 2 * DAY;
    return JSON.stringify({ prediction_id: `p-${serial}`, timestamp, ...this.#body() });
  }

  #body(): object {
    const random = this.#random;
    const model = random.pick(['alpha', 'alpha', 'beta', 'gamma']);
    const score = random.next();
    return {
      model,
      version: random.chance(0.7) ? '1' : '2',
      ...(random.chance(0.1) ? { role: 'challenger' } : {}),
      features: {
        amount: random.chance(0.05) ? null : Math.exp(3 + random.normal()),
        items: random.chance(0.4) ? 0 : random.between(1, 12),
        colour: random.chance(0.05)
          ? null
          : random.pick(['red', 'green', 'blue', 'grün', `rare-${random.between(1, 9)}`]),
        vip: random.chance(0.1) ? null : random.chance(0.3),
        ...(random.chance(0.1) ? { sparse: random.normal() } : {}),
        ...(random.chance(0.02) ? { vec: [score, 1 - score] } : {}),
      },
      prediction: { label: score > 0.5 ? 'yes' : 'no', score },
      segments: { region: random.pick(['MA', 'NY', 'TX']) },
      ...(random.chance(0.8) ? { latency_ms: random.next() * 100 } : {}),
      ...(random.chance(0.03) ? { error: 'timeout' } : {}),
      ...(random.chance(0.1) ? { label: random.chance(0.5) } : {}),
    };
  }
}
