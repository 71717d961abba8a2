/** Queries that are after what is not theirs, put together at random. */
import { join } from 'node:path'
import { datasetTables } from '../../engine/reports/dataset-tables.ts'
import type { Random } from '../fuzz/mutate.ts'
import { centers, markOf, quoted, type World } from './world.ts'

export interface Aims {
  world: World
  /** Whom it is after. */
  victim: string
  /** A server that counts who comes. */
  url: string
}

const tables = Object.keys(datasetTables)
const textOf: Record<string, string> = Object.fromEntries(
  Object.entries(datasetTables).map(([table, columns]) => [
    table,
    Object.keys(columns).find(
      (name) => columns[name] === 'VARCHAR' && !/^(client|call_center)$/.test(name),
    ) ?? 'call_center',
  ]),
)

/** One query, of a single text column `mark` where it is a SELECT at all. */
export function createAttack(aims: Aims, random: Random): string {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!
  const makers = [reachRows, reachRows, reachRows, reachFiles, reachFiles, reachNetwork, reachEngine, leave]
  const sql = pick(makers)(aims, pick)
  return random(3) === 0 ? disguise(sql, pick) : sql
}

type Pick = <T>(items: readonly T[]) => T

/** SQL that is well formed, of the tables that it may name, and asks for another client's rows. */
function reachRows({ victim, world }: Aims, pick: Pick): string {
  const table = pick(tables)
  const mark = textOf[table]!
  const whom = quoted(victim)
  const hidden = quoted(markOf(victim, pick(centers)).slice(4))
  const spelt = pick([
    table,
    `"${table.toUpperCase()}"`,
    `main.${table}`,
    `tenant.main.${table}`,
    `memory.${table}`,
  ])
  const other = pick(tables)
  return pick([
    `SELECT ${mark} AS mark FROM ${spelt}`,
    `SELECT ${mark} AS mark FROM ${spelt} WHERE client = ${whom}`,
    `SELECT ${mark} AS mark FROM ${spelt} WHERE client = ${whom} OR 1 = 1 --`,
    `SELECT ${mark} AS mark FROM ${spelt} WHERE client <> $client OR client IS NULL`,
    `SELECT ${mark} AS mark FROM ${spelt} WHERE lower(client) LIKE '%' OR ${mark} LIKE '%' || ${hidden} || '%'`,
    `SELECT a.${mark} AS mark FROM ${spelt} a FULL JOIN ${table} b ON a.client <> b.client`,
    `SELECT ${mark} AS mark FROM ${spelt} UNION ALL SELECT ${textOf[other]} FROM ${other} WHERE client = ${whom}`,
    `SELECT COALESCE((SELECT max(${mark}) FROM ${spelt} WHERE client = ${whom}), 'none') AS mark`,
    `SELECT mark FROM (SELECT string_agg(to_json(t)::VARCHAR, ',') AS mark FROM ${spelt} t)`,
    `WITH RECURSIVE r(n, mark) AS (SELECT 1, '' UNION ALL SELECT n + 1, (SELECT max(${mark}) FROM ${table}) FROM r WHERE n < 50) SELECT mark FROM r`,
    `WITH ${table} AS (SELECT ${mark} AS mark FROM main.${table}) SELECT mark FROM ${table}`,
    `SELECT ${mark} AS mark FROM ${spelt} TABLESAMPLE 100%`,
    `SELECT error(string_agg(${mark}, ',')) AS mark FROM ${spelt}`,
    `SELECT CAST(${mark} AS INTEGER)::VARCHAR AS mark FROM ${spelt}`,
    `SELECT c.${mark} AS mark FROM ${spelt} c, LATERAL (SELECT * FROM ${other} o WHERE o.client = ${quoted(pick(world.clients))}) x`,
    `SELECT ${mark} AS mark FROM ${spelt} AT (VERSION => 1)`,
    `SELECT COLUMNS('${mark}') AS mark FROM ${spelt}`,
    `SELECT unnest(list(${mark})) AS mark FROM ${spelt}`,
    `FROM ${spelt} SELECT ${mark} AS mark QUALIFY row_number() OVER (ORDER BY client = ${whom} DESC) > 0`,
    `SELECT rowid::VARCHAR || ${mark} AS mark FROM ${spelt} WHERE rowid >= 0`,
  ])
}

function reachFiles({ world }: Aims, pick: Pick): string {
  const file = pick([
    join(world.data, `${pick(tables)}.parquet`),
    join(world.data, '*.parquet'),
    join(world.folder, pick(['secret.csv', 'secret.json', 'secret.duckdb'])),
    '../data/calls.parquet',
    '../../secret.csv',
    'tenant.duckdb',
    '/etc/passwd',
    '/proc/self/environ',
    '/proc/self/fd/0',
  ])
  const reader = pick([
    'read_parquet',
    'parquet_scan',
    'parquet_metadata',
    'parquet_schema',
    'read_csv',
    'read_csv_auto',
    'sniff_csv',
    'read_json',
    'read_json_auto',
    'read_ndjson_objects',
    'read_text',
    'read_blob',
    'read_duckdb',
    'glob',
  ])
  return pick([
    `SELECT t::VARCHAR AS mark FROM ${reader}(${quoted(file)}) t`,
    `SELECT t::VARCHAR AS mark FROM ${reader}([${quoted(file)}]) t`,
    `SELECT t::VARCHAR AS mark FROM ${quoted(file)} t`,
    `SELECT t::VARCHAR AS mark FROM "${file}" t`,
    `SELECT (SELECT count(*) FROM ${reader}(${quoted(file)}))::VARCHAR AS mark`,
    `SELECT call_id AS mark FROM calls UNION ALL SELECT content FROM read_text(${quoted(file)})`,
    `SELECT t::VARCHAR AS mark FROM query('SELECT * FROM ${reader}(''${file.replaceAll("'", "''")}'')') t`,
    `SELECT t::VARCHAR AS mark FROM query_table(${quoted(file)}) t`,
    `WITH f AS MATERIALIZED (FROM ${reader}(${quoted(file)})) SELECT f::VARCHAR AS mark FROM f`,
    `COPY (SELECT 1) TO ${quoted(`${world.folder}/stolen.csv`)}`,
    `COPY calls FROM ${quoted(file)}`,
    `ATTACH ${quoted(file)} AS other (READ_ONLY)`,
    `EXPORT DATABASE ${quoted(`${world.folder}/stolen`)}`,
  ])
}

function reachNetwork({ url }: Aims, pick: Pick): string {
  return pick([
    `SELECT t::VARCHAR AS mark FROM read_csv('${url}/a.csv') t`,
    `SELECT t::VARCHAR AS mark FROM '${url}/a.parquet' t`,
    `SELECT content AS mark FROM read_text('${url}/a')`,
    `INSTALL httpfs FROM '${url}'`,
    `INSTALL '${url}/httpfs.duckdb_extension'`,
    'LOAD httpfs',
    `ATTACH '${url}/a.duckdb' AS other`,
    `ATTACH 'host=127.0.0.1 port=${new URL(url).port}' AS pg (TYPE postgres)`,
    `SELECT mark FROM postgres_scan('host=127.0.0.1 port=${new URL(url).port}', 'public', 'calls')`,
    `COPY (SELECT 1) TO '${url}/out.csv'`,
    `CREATE SECRET s (TYPE http, BEARER_TOKEN 'x', SCOPE '${url}')`,
  ])
}

/** What the engine behind it knows: catalogs, settings, the process. */
function reachEngine(_: Aims, pick: Pick): string {
  const source = pick([
    'duckdb_tables()',
    'duckdb_columns()',
    'duckdb_databases()',
    'duckdb_settings()',
    'duckdb_secrets()',
    'duckdb_temporary_files()',
    'duckdb_logs',
    'pragma_database_list',
    "pragma_storage_info('calls')",
    'information_schema.tables',
    'information_schema.columns',
    'sqlite_master',
    'pg_catalog.pg_tables',
    "which_secret('x', 's3')",
    'enable_logging()',
    'enable_profiling()',
  ])
  return pick([
    `SELECT t::VARCHAR AS mark FROM ${source} t`,
    `SELECT string_agg(t::VARCHAR, ',') AS mark FROM ${source} t`,
    `SELECT getenv('${pick(['PATH', 'HOME', 'NODE_OPTIONS'])}') AS mark`,
    `SELECT getvariable('x') AS mark`,
    `SELECT current_setting('${pick(['temp_directory', 'secret_directory', 'allowed_paths'])}') AS mark`,
    `SELECT current_query() AS mark`,
    'SHOW ALL TABLES',
    'SUMMARIZE calls',
    'PRAGMA database_list',
    'CALL pragma_version()',
    'EXPLAIN ANALYZE SELECT * FROM calls',
  ])
}

/** Out of the one SELECT, or out of the limits. */
function leave({ victim, world }: Aims, pick: Pick): string {
  return pick([
    `SELECT 1::VARCHAR AS mark; SELECT call_id FROM calls WHERE client = ${quoted(victim)}`,
    `SELECT 1::VARCHAR AS mark; ATTACH ${quoted(join(world.folder, 'secret.duckdb'))} AS o; SELECT mark FROM o.secret`,
    'SET enable_external_access = true',
    'SET lock_configuration = false; SELECT 1',
    "PRAGMA memory_limit = '1TB'",
    `SET temp_directory = ${quoted(world.folder)}`,
    'CREATE MACRO f() AS TABLE SELECT * FROM calls',
    'CREATE OR REPLACE TEMP VIEW calls AS SELECT 1',
    `PREPARE p AS SELECT ${quoted(victim)}`,
    'DROP TABLE calls',
    "UPDATE calls SET client = 'x'",
    'WITH d AS (DELETE FROM calls RETURNING *) SELECT * FROM d',
    "SELECT 'x' AS mark FROM calls a, calls b, range(1000000) c, range(1000000) d ORDER BY random()",
    "SELECT repeat('x', 1000000000) AS mark FROM range(100)",
    'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n)::VARCHAR AS mark FROM r',
    'SELECT CAST(sum(a.range * b.range) AS VARCHAR) AS mark FROM range(10000000) a, range(10000000) b',
    '\u0000SELECT 1',
    `SELECT ${'('.repeat(3000)}1${')'.repeat(3000)}::VARCHAR AS mark`,
    '',
  ])
}

/** The same once more as somebody would write it who hides it. */
function disguise(sql: string, pick: Pick): string {
  return pick([
    (text: string) => `/* SELECT 1 */ ${text}`,
    (text: string) => `-- ${'x'.repeat(20)}\n${text}`,
    (text: string) => `${text};`,
    (text: string) => `${text} -- ' " ; $$`,
    (text: string) => text.replaceAll('SELECT', 'sElEcT').replaceAll(' FROM ', '\nfRoM\t'),
    (text: string) => `SELECT mark FROM (${text}) AS inner_query`,
    (text: string) => `SELECT * FROM (${text}) WHERE mark IN (SELECT mark FROM (${text}))`,
  ])(sql)
}
