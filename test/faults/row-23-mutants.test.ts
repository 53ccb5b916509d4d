// The fuzzer of test/adapters/avro with many more mutants than `npm test` has time for.
process.env.DRIFTLINE_TEST_MUTANTS ??= '100000';
await import('../adapters/avro/fuzz.test.ts');
