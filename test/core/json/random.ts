import { generator } from '../../support/generator.ts';

/** Random numbers that a seed repeats, and what is made of them. */
export class Random {
  /** In [0, 1), 32 random bits. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = generator(seed);
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
