import { test } from 'node:test';
import { killUnderLoad } from '../support/standalone-kills.ts';
import { Random } from './support/random.ts';

const KILLS = 12;

test(`row 01, embedded: a standalone killed ${KILLS} times under HTTP load counts what was answered 202 exactly once`, async () => {
  const random = new Random(101);
  await killUnderLoad(KILLS, () => random.next());
});
