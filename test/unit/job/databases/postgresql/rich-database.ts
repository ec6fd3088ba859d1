import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LocalPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { createLedgerDatabase } from './ledger-database.ts'

const run = promisify(execFile)

/**
 * A Ledger's database whose schemas hold one of each thing that applications define, and rows that are easy to get
 * wrong.
 */
export async function createRichDatabase(server: LocalPostgresql, name: string): Promise<void> {
  const client = await createLedgerDatabase(server, name)
  await client.query(`
    SET search_path = scalar;
    CREATE TYPE mood AS ENUM ('good', 'so ''so''', 'bad');
    CREATE DOMAIN cents AS bigint CHECK (VALUE >= 0);
    CREATE TYPE pair AS (a int, b text);
    CREATE COLLATION by_number (provider = icu, locale = 'en-u-kn-true');
    CREATE TABLE account (id bigint GENERATED ALWAYS AS IDENTITY
      PRIMARY KEY, name text COLLATE by_number NOT NULL UNIQUE,
      mood mood DEFAULT 'good', amount cents NOT NULL DEFAULT 0, twice bigint
        GENERATED ALWAYS AS (amount * 2) STORED, extra pair, tags text[],
      CONSTRAINT "odd, name" CHECK (name <> ''));
    CREATE TABLE booking (id serial PRIMARY KEY, account bigint REFERENCES account
      ON DELETE CASCADE, at timestamptz, j jsonb, n numeric, f float8, b bytea);
    CREATE TABLE event (day date NOT NULL, what text) PARTITION BY RANGE (day);
    CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE event_other PARTITION OF event DEFAULT;
    CREATE INDEX event_day ON event (day);
    CREATE UNLOGGED TABLE cache (a int);
    CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);
    CREATE INDEX account_low ON account (lower(name)) WHERE amount > 0;
    CREATE STATISTICS account_s (dependencies) ON mood, amount FROM account;
    ALTER TABLE account ALTER name SET STATISTICS 500; ALTER TABLE booking ALTER b SET STORAGE EXTERNAL;
    CREATE FUNCTION double(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x * 2';
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := NEW.name || '!'; RETURN NEW; END $$;
    CREATE TRIGGER note BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION note();
    CREATE PROCEDURE nothing() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
    CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
    CREATE VIEW rich AS SELECT a.name, double(1), b.j FROM account a JOIN booking b ON b.account = a.id
      WHERE a.amount > 10;
    CREATE MATERIALIZED VIEW sums AS SELECT a.mood, sum(a.amount) FROM account a JOIN booking b ON b.account = a.id
      GROUP BY a.mood;
    CREATE RULE no_cache AS ON DELETE TO cache DO INSTEAD NOTHING;
    CREATE POLICY own ON booking USING (account > 0); ALTER TABLE booking ENABLE ROW LEVEL SECURITY;
    CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
    CREATE SEQUENCE odd_numbers INCREMENT 2 START 7 CYCLE MAXVALUE 99; SELECT nextval('odd_numbers');
    COMMENT ON TABLE account IS 'it''s an account'; COMMENT ON COLUMN account.name IS 'ö';
    INSERT INTO account (name, amount, extra, tags, mood)
      SELECT 'name ' || i, i, ROW (i, 'x')::pair, ARRAY['a', NULL, '{}'], 'so ''so''' FROM generate_series(1, 50) i;
    INSERT INTO booking (account, at, j, n, f, b) VALUES
      (1, 'infinity', '{"a": [1.10, null, "\\u20ac"]}', 'NaN', '-Infinity', '\\x00ff5c'),
        (2, '0044-03-15 00:00 BC', 'null', 1e-40, 1e-300, ''),
      (3, now(), '"\\\\n\\n\\t"', 12345678901234567890.123456789, 0.1, decode(repeat('deadbeef', 50000), 'hex'));
    INSERT INTO event VALUES ('2025-05-05', E'tab\\there\\nline'), ('1999-01-01', NULL), ('infinity', '\\N');
    INSERT INTO cache VALUES (1); INSERT INTO child VALUES (1, 2);
    REFRESH MATERIALIZED VIEW sums`)
  await client.end()
}

/** What pg_dump says of a database, definitions and rows: the same text means the same database. */
export async function textOf(server: LocalPostgresql, database: string): Promise<string> {
  const { stdout } = await run(
    join(server.tools, 'pg_dump'),
    ['--inserts', '--restrict-key=same', '--exclude-schema=public', '--large-objects'],
    {
      env: {
        PGHOST: server.host,
        PGPORT: String(server.port),
        PGUSER: server.superuser,
        PGPASSWORD: server.password,
        PGDATABASE: database,
        PATH: process.env['PATH'],
      },
      maxBuffer: 1 << 28,
    },
  )
  return stdout.replace(/^-- Dumped from database version .*$/m, '')
}
