// Loaded before every test file by scripts/test.mjs. With CI=true the property tests take one fixed seed, so that a change is
// never refused for a case that it did not touch; elsewhere each run draws its own, and DRIFTLINE_TEST_SEED repeats one.
import fc from 'fast-check';

const fixed = process.env.DRIFTLINE_TEST_SEED ?? (process.env.CI === 'true' ? '20261121' : undefined);
if (fixed !== undefined) fc.configureGlobal({ seed: Number(fixed) });
