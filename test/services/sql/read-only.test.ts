import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SqlServer } from '../../../services/sql/index.ts';
import { ask, filesIn, type SqlHarness, startSqlHarness } from './harness.ts';

const READONLY = '164';
const SYNTAX = '62';

describe('the read-only port', () => {
  let harness: SqlHarness;
  let server: SqlServer;
  let secret: string;
  before(async () => {
    harness = await startSqlHarness();
    server = await harness.serve();
    secret = join(harness.scratch, 'secret.txt');
    await writeFile(secret, 'top secret\n');
    const session = harness.engine.session();
    await session.run('CREATE TABLE driftline.kept (x String, url String) ENGINE = MergeTree ORDER BY x');
    await session.run("INSERT INTO driftline.kept VALUES ('a', 'u')");
    session.close();
  });
  after(async () => {
    await harness.stop();
  });

  async function assertUntouched(): Promise<void> {
    assert.deepEqual(await filesIn(harness.scratch), ['secret.txt']);
    assert.equal((await ask(server.url, 'SELECT x, url FROM kept')).text, 'a\tu\n');
    assert.equal((await ask(server.url, 'SHOW TABLES')).text, 'kept\n');
  }

  async function assertRefused(statements: readonly string[], codes: readonly string[]): Promise<void> {
    for (const sql of statements) {
      const { status, headers, text } = await ask(server.url, sql);
      assert.ok(status >= 400, `${sql} was answered ${status}: ${text}`);
      assert.ok(codes.includes(headers.get('x-clickhouse-exception-code') ?? ''), `${sql}: ${text}`);
      assert.ok(!text.includes('top secret'), sql);
    }
    await assertUntouched();
  }

  it('answers everything that reads', async () => {
    for (const [sql, text] of [
      ['SELECT 1', '1\n'],
      ['WITH 2 AS n SELECT n', '2\n'],
      ['FROM kept SELECT x', 'a\n'],
      ['(SELECT 1) UNION ALL (SELECT 1);', '1\n1\n'],
      ['SELECT sum(number) FROM numbers(4) -- a comment', '6\n'],
      ['EXISTS TABLE kept', '1\n'],
      ['SELECT url, merge FROM (SELECT url, 2 AS merge FROM kept)', 'u\t2\n'],
      ["SELECT ' INTO OUTFILE file(1) ; DROP ', 1 AS `into`, 2 AS outfile", ' INTO OUTFILE file(1) ; DROP \t1\t2\n'],
      ["SELECT count() FROM view(SELECT 1) AS a, values('a Int8', 1) AS b", '1\n'],
      ["SELECT arrayMap(x -> concat(x, '!'), ['a'])", "['a!']\n"],
      [
        'SELECT `nan`, nan AS value, "inf" + 1, `true` FROM (SELECT 3 AS `nan`, 4 AS inf, 5 AS `true`)',
        '3\tnan\t5\t5\n',
      ],
      ['SELECT \'`nan` and "nan"\' AS `nan`', '`nan` and "nan"\n'],
    ] as const) {
      assert.equal((await ask(server.url, sql)).text, text, sql);
    }
    for (const sql of [
      'DESCRIBE kept',
      'DESC TABLE kept',
      'SHOW DATABASES',
      'SHOW CREATE TABLE kept',
      'EXPLAIN SELECT 1',
    ]) {
      assert.equal((await ask(server.url, sql)).status, 200, sql);
    }
    for (const kind of ['AST', 'SYNTAX', 'QUERY TREE', 'PLAN actions = 1, indexes = 1', 'PIPELINE', 'ESTIMATE']) {
      assert.equal((await ask(server.url, `EXPLAIN ${kind} SELECT x FROM kept`)).status, 200, kind);
    }
  });

  it('refuses statements that do anything but read', async () => {
    const statements = `INSERT INTO kept VALUES ('b', 'c')|INSERT INTO kept SELECT 'b', 'c'|WITH t AS (SELECT 'b', 'c') INSERT INTO kept
      SELECT * FROM t|INSERT INTO FUNCTION file('x.csv', 'CSV', 'a Int8') VALUES (1)|DROP TABLE kept|DROP DATABASE driftline|TRUNCATE kept
      |ALTER TABLE kept DELETE WHERE 1|DELETE FROM kept WHERE 1|UPDATE kept SET url = '' WHERE 1|RENAME TABLE kept TO gone
      |CREATE TABLE t (a Int8) ENGINE = Memory|CREATE TEMPORARY TABLE t (a Int8)|CREATE VIEW v AS SELECT 1|CREATE DATABASE d
      |CREATE FUNCTION f AS x -> x|CREATE DICTIONARY d (a Int8) PRIMARY KEY a SOURCE(NULL()) LAYOUT(FLAT())|CREATE USER u
      |OPTIMIZE TABLE kept|DETACH TABLE kept|ATTACH TABLE kept|EXCHANGE TABLES kept AND kept|UNDROP TABLE kept|CHECK TABLE kept
      |KILL QUERY WHERE 1|KILL MUTATION WHERE 1|SYSTEM FLUSH LOGS|SYSTEM SHUTDOWN|SYSTEM STOP MERGES|SYSTEM DROP MARK CACHE
      |SET readonly = 0|SET max_execution_time = 0|SET param_x = 1|SET ROLE NONE|SET DEFAULT ROLE NONE TO default|USE system
      |GRANT ALL ON *.* TO default|REVOKE ALL ON *.* FROM default|BEGIN TRANSACTION|COMMIT|ROLLBACK|EXECUTE AS default SELECT 1
      |BACKUP TABLE kept TO File('b')|RESTORE TABLE kept FROM File('b')|EXPLAIN AST INSERT INTO kept VALUES (1)
      |EXPLAIN CURRENT TRANSACTION|EXPLAIN TABLE OVERRIDE mysql('a', 'b', 'c', 'd', 'e') COLUMNS (a Int8)`;
    await assertRefused(statements.split('|'), [READONLY]);
  });

  it('refuses more than one statement', async () => {
    const statements = [
      'SELECT 1; DROP TABLE kept',
      'SELECT 1;;SELECT 2',
      'SELECT 1;\nSET readonly = 0;',
      'SELECT 1 -- ;\n; SELECT 2',
    ];
    await assertRefused(
      [...statements, 'SELECT 1\0; DROP TABLE kept', '', ' ', ';', "SELECT '", '/*', 'SELECT'],
      [SYNTAX],
    );
  });

  it('refuses to write files', async () => {
    const file = (n: number) => `'${join(harness.scratch, `out${n}`)}'`;
    await assertRefused(
      [
        `SELECT 1 INTO OUTFILE ${file(1)}`,
        `select 1 into /* x */ outfile ${file(2)} truncate format CSV`,
        `(SELECT 1) INTO OUTFILE ${file(3)}`,
        `WITH 1 AS x SELECT x INTO OUTFILE ${file(4)} AND STDOUT`,
        `SELECT 1 UNION ALL SELECT 2 INTO OUTFILE ${file(5)} APPEND`,
        `SHOW TABLES INTO OUTFILE ${file(6)}`,
        `DESCRIBE kept INTO OUTFILE ${file(7)}`,
        `EXISTS kept INTO OUTFILE ${file(8)}`,
        `EXPLAIN SELECT 1 INTO OUTFILE ${file(9)} COMPRESSION 'gzip'`,
        `\ufeffSELECT 1 INTO OUTFILE ${file(10)}`,
      ],
      [READONLY],
    );
  });

  it('refuses to read files through functions, however they are named', async () => {
    const calls = [
      'file(§)',
      'FILE(§)',
      '`file`(§)',
      '"file"(§)',
      'file/**/(§)',
      'file -- c\n (§)',
      'arrayMap(file, [§])',
    ];
    const paths = [
      ...calls,
      'arrayMap(x -> file(x), [§])',
      '* APPLY(file) FROM (SELECT §)',
      '* APPLY file FROM (SELECT §)',
    ];
    const more = ['* APPLY(x -> file(x)) FROM (SELECT §)', 'x FROM (SELECT arrayJoin([§]) AS a, file(a) AS x)'];
    const statements = [...paths, ...more].map((call) => `SELECT ${call.replaceAll('§', `'${secret}'`)}`);
    await assertRefused(
      [...statements, `SELECT file($$${secret}$$)`, `WITH file AS f SELECT f('${secret}')`],
      [READONLY],
    );
  });

  it('refuses to read files as tables', async () => {
    const read = [
      `file('${secret}', 'LineAsString')`,
      `FILE('${secret}', 'RawBLOB')`,
      `\`file\`('${secret}')`,
      `filesystem('${secret}')`,
    ];
    await assertRefused(
      read.flatMap((source) => [`SELECT * FROM ${source}`, `DESCRIBE TABLE ${source}`]),
      [READONLY],
    );
    const nested = [
      'SELECT 1 IN (SELECT * FROM §)',
      'EXPLAIN SELECT * FROM §',
      'SELECT (SELECT count() FROM §)',
      'WITH t AS (SELECT * FROM §) SELECT * FROM t',
    ];
    await assertRefused(
      nested.map((sql) => sql.replace('§', read[0] as string)),
      [READONLY],
    );
    // The engine's own database `default` would show every file as a table.
    const unknown = ['60', '81', READONLY];
    const names = [
      `'${secret}'`,
      `\`${secret}\``,
      `default.\`${secret}\``,
      `"default"."${secret}"`,
      '{t:Identifier}',
      'merge(default, .*)',
    ];
    for (const name of names) {
      const { status, headers, text } = await ask(server.url, `SELECT * FROM ${name}`, {
        param_t: secret,
        database: 'default',
      });
      assert.ok(status >= 400 && !text.includes('top secret'), `${name}: ${text}`);
      assert.ok(
        unknown.includes(headers.get('x-clickhouse-exception-code') ?? '') || text.includes('SYNTAX'),
        `${name}: ${text}`,
      );
    }
  });

  it('refuses every table function that reaches outside', async () => {
    const session = harness.engine.session();
    const { bytes } = await session.run('SELECT name FROM system.table_functions ORDER BY name', 'TSV');
    session.close();
    const pure =
      /^(format|fuzzJSON|generate_series|generateRandom|generateSeries|null|numbers|numbers_mt|primes|SQLStandardValues|values|view|viewExplain|zeros|zeros_mt)$/;
    const names = Buffer.from(bytes)
      .toString('utf8')
      .trim()
      .split('\n')
      .filter((name) => !pure.test(name));
    assert.ok(names.length > 50 && names.includes('url') && names.includes('remote') && names.includes('s3'));
    await assertRefused(
      names.map((name) => `SELECT * FROM ${name}('http://127.0.0.1:1/x')`),
      [READONLY, SYNTAX],
    );
  });

  it('refuses functions that reach the network, the machine and its secrets', async () => {
    const calls = `hasColumnInTable('127.0.0.1', 'a', 'b', 'c', 'd')|catboostEvaluate('/m', 1)|reverseDNSQuery('127.0.0.1')|aiGenerate('x')
      |addressToLine(1)|demangle('x')|filesystemAvailable()|showCertificate()|dictGet('a', 'b', 1)|regionToName(1)|eval('SELECT 1')
      |logTrace('x')|getMacro('x')|naiveBayesClassifier('m', 'x')|generateSerialID('x')|__getScalar('x')`;
    await assertRefused(
      calls.split('|').map((call) => `SELECT ${call}`),
      [READONLY],
    );
    await assertRefused(['SELECT * FROM system.stack_trace', 'SELECT * FROM `system`.`zookeeper`'], [READONLY]);
    assert.equal((await ask(server.url, 'SELECT * FROM stack_trace', { database: 'system' })).status, 403);
  });

  it('lets no SETTINGS clause lift a limit, nor any parameter', async () => {
    const clauses = [
      'SELECT 1 SETTINGS readonly = 0',
      'SELECT 1 SETTINGS max_execution_time = 0',
      'SELECT 1 FORMAT JSON SETTINGS max_result_rows = 0',
    ];
    const nested = [
      "SELECT * FROM (SELECT getSetting('max_result_rows') SETTINGS max_result_rows = 0)",
      'SELECT * FROM view(SELECT 1 SETTINGS readonly = 0)',
    ];
    await assertRefused(
      [...clauses, ...nested, 'WITH (SELECT 1 SETTINGS max_memory_usage = 0) AS x SELECT x'],
      [READONLY],
    );
    const limits = "SELECT getSetting('max_execution_time'), getSetting('max_result_rows'), getSetting('readonly')";
    const lifted = { max_execution_time: '0', max_result_rows: '0', readonly: '0', max_memory_usage: '0' };
    assert.equal((await ask(server.url, limits, lifted)).text, '30\t1000000\t1\n');
    for (const setting of [
      'allow_ddl',
      'allow_introspection_functions',
      'format_schema',
      'output_format_schema',
      'format_template_resultset',
      'max_ast_depth',
    ]) {
      const { headers } = await ask(server.url, 'SELECT 1', { [setting]: '1' });
      assert.equal(headers.get('x-clickhouse-exception-code'), READONLY, setting);
    }
    await assertUntouched();
  });

  it('takes settings that shape the result, for that request alone', async () => {
    const sql = 'SELECT toInt64(1) AS n FORMAT JSONEachRow';
    const { text } = await ask(server.url, sql, { output_format_json_quote_64bit_integers: '1' });
    assert.equal(text, '{"n":"1"}\n');
    assert.equal((await ask(server.url, sql)).text, '{"n":1}\n');
    const late = await ask(server.url, "SELECT toDateTime(0, 'UTC')::String, timezone()", {
      session_timezone: 'Asia/Tokyo',
    });
    assert.equal(late.text, '1970-01-01 00:00:00\tAsia/Tokyo\n');
  });

  it('holds its limits of time, rows and bytes', async () => {
    const small = await harness.serve({ limits: { seconds: 1, rows: 10, bytes: 1000, memoryBytes: 64 * 2 ** 20 } });
    const code = async (sql: string) => (await ask(small.url, sql)).headers.get('x-clickhouse-exception-code');
    assert.equal((await ask(small.url, 'SELECT number FROM numbers(10) FORMAT Null')).status, 200);
    assert.equal(await code('SELECT number FROM numbers(11)'), '396');
    assert.equal(await code("SELECT repeat('x', 2000)"), '396');
    assert.equal(
      await code('SELECT sum(length(a)) FROM (SELECT groupArray(toString(number)) AS a FROM numbers(50000000))'),
      '241',
    );
    const started = Date.now();
    assert.equal(await code('SELECT sum(sipHash64(number)) FROM numbers(1000000000000)'), '159');
    assert.ok(Date.now() - started < 40_000);
  });

  it('refuses what comes while too much is running', async () => {
    const busy = await harness.serve({ concurrency: { running: 1, waiting: 1 } });
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask(busy.url, 'SELECT sleep(0.3)')));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 503, 503]);
    assert.equal(answers.find(({ status }) => status === 503)?.headers.get('x-clickhouse-exception-code'), '202');
  });

  it('refuses a body that is too large', async () => {
    const small = await harness.serve({ maxBodyBytes: 1000 });
    assert.equal((await ask(small.url, `SELECT '${'x'.repeat(2000)}'`)).status, 413);
  });
});
