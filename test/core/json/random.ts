/** Random numbers that a seed repeats (mulberry32), and what is made of them. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** In [0, 1), 32 random bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** In [0, 1), 53 random bits. */
  fraction(): number {
    return (this.below(2 ** 26) * 2 ** 27 + this.below(2 ** 27)) / 2 ** 53;
  }

  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => this.below(10)).join('');
  }

  /** A decimal that JSON may hold or nearly may: many digits, many places, exponents. */
  decimal(): string {
    const whole = this.below(4) === 0 ? '0' : this.digits(1 + this.below(this.below(5) === 0 ? 25 : 9));
    const fraction = this.below(3) === 0 ? '' : `.${this.digits(this.below(this.below(5) === 0 ? 30 : 18))}`;
    const exponent =
      this.below(8) === 0 ? `${this.pick(['e', 'E', 'e+', 'e-', 'E-'])}${this.digits(this.below(4))}` : '';
    return `${this.below(3) === 0 ? '-' : ''}${whole}${fraction}${exponent}`;
  }
}
