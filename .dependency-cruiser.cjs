// Who may import whom, on resolved paths. scripts/check-imports.mjs runs it; test/gates/imports.test.ts plants one violation
// of each rule. docs/architecture.md says why the layers are as they are.

/** Client libraries and the only folders that may import each: swapping one touches one folder. */
const OWNERS = {
  kafkajs: '^lib/adapters/kafka/',
  '@platformatic/kafka': '^lib/adapters/kafka-metadata/',
  '@clickhouse/client': '^lib/adapters/(clickhouse|chdb)/',
  chdb: '^lib/adapters/chdb/',
  lmdb: '^lib/adapters/embedded-log/',
  avsc: '^lib/adapters/avro/',
  'csv-parse': '^lib/adapters/csv/',
  pino: '^lib/runtime/',
  'pino-pretty': '^lib/runtime/',
  'prom-client': '^lib/runtime/',
  commander: '^services/(cli[.]ts$|commands/)',
};

/** What may see everything: they choose the adapters. */
const ROOTS = '^services/(cli[.]ts$|wiring([.]ts$|/)|commands/|standalone/|demo/)';

const escapeRegExp = (name) => name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    rule('no-cycles', 'Modules that need each other are one module or three.', {}, { circular: true }),
    rule('resolvable', 'The import leads nowhere.', {}, { couldNotResolve: true }),
    rule(
      'core-is-pure',
      'Core imports only core: no I/O, no clock, no library.',
      { path: '^lib/core/' },
      { pathNot: '^(lib/core/|[.](?!.*node_modules))' },
    ),
    rule(
      'ports-on-core',
      'Ports are types over core.',
      { path: '^lib/ports/' },
      { pathNot: '^(lib/(core|ports)/|[.](?!.*node_modules))' },
    ),
    rule(
      'adapter-inward',
      'An adapter imports ports, core, itself and its own client library (see client-library rules).',
      { path: '^lib/adapters/([^/]+)/' },
      { path: '^(lib|services|test|scripts|bench)/', pathNot: '^lib/(core|ports|adapters/$1)/' },
    ),
    rule(
      'tables-on-ports',
      'SQL knows the store port, not who implements it.',
      { path: '^lib/tables/' },
      { path: '^(lib|services)/', pathNot: '^lib/(core|ports|tables)/' },
    ),
    rule(
      'migrations-on-ports',
      'Migrations know the store port and where their files lie.',
      { path: '^lib/migrations/' },
      { path: '^(lib|services)/', pathNot: '^lib/(core|ports|migrations|runtime/(assets|errors)[.]ts$)' },
    ),
    rule(
      'registry-on-tables',
      'The registry works on ports, core, tables and the configuration.',
      { path: '^lib/registry/' },
      { path: '^(lib|services)/', pathNot: '^lib/(core|ports|tables|registry|runtime)/' },
    ),
    rule(
      'runtime-stands-alone',
      'The runtime serves every service and knows none.',
      { path: '^lib/runtime/' },
      { path: '^(lib|services)/', pathNot: '^lib/(core|ports|runtime)/' },
    ),
    rule('lib-below-services', 'Services import lib, never the other way.', { path: '^lib/' }, { path: '^services/' }),
    rule(
      'services-apart',
      'Services never import each other: they meet in the log and the store. Only composition roots see several.',
      { path: '^services/([^/]+)/', pathNot: ROOTS },
      { path: '^services/', pathNot: '^services/$1/' },
    ),
    rule(
      'roots-choose-adapters',
      'Only composition roots import adapters.',
      { path: '^services/', pathNot: ROOTS },
      { path: '^lib/adapters/' },
    ),
    rule(
      'source-without-tests',
      'Source never imports tests or benchmarks.',
      { path: '^(lib|services)/' },
      { path: '^(test|bench)/' },
    ),
    ...Object.entries(OWNERS).map(([library, owner]) =>
      rule(
        `client-library-${library}`,
        `Only ${owner} imports ${library}.`,
        { path: '^(lib|services)/', pathNot: owner },
        { path: `node_modules/${escapeRegExp(library)}/` },
      ),
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^services/web/page/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
