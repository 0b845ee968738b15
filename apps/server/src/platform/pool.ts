import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect } from 'kysely';
import type { Transaction } from 'kysely';
import pg from 'pg';
import type { ClientConfig, CustomTypesConfig } from 'pg';
import type { DB } from './db-types.ts';

/** Where a database is. `host` beginning with `/` is the directory of a Unix socket. */
export interface Connection {
  host: string;
  port: number;
  user: string;
  database: string;
  password?: string;
  ssl?: Exclude<ClientConfig['ssl'], undefined>;
}

export type Db = Kysely<DB>;
export type Trx = Transaction<DB>;

/** Reads a `postgres://` URL by the driver's own rules (sslmode, socket directories, escapes). */
export function connectionFromUrl(url: string): Connection {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new Error('DATABASE_URL must begin with postgres:// or postgresql://');
  }
  // The client parses on construction and connects only when told to.
  const parsed = new pg.Client({ connectionString: url });
  const connection: Connection = {
    host: parsed.host,
    port: parsed.port,
    user: parsed.user ?? 'postgres',
    database: parsed.database ?? 'wanmi',
  };
  if (typeof parsed.password === 'string' && parsed.password !== '') connection.password = parsed.password;
  if (parsed.ssl) connection.ssl = parsed.ssl;
  return connection;
}

// Type ids of PostgreSQL's own catalogue (pg_type.dat); they never change.
const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const DATE_ARRAY = 1182;
const TIMESTAMP = 1114;

function safeInteger(text: string): number {
  const value = Number(text);
  // Loud instead of wrong: our own counters and identities stay far below 2^53.
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 value beyond 2^53: ${text}`);
  return value;
}

const keep = (text: string): string => text;
const TEXT_ARRAY = 1009;
const textArray = pg.types.getTypeParser(TEXT_ARRAY as never) as (text: string) => (string | null)[];
const inArray =
  <T>(parse: (text: string) => T) =>
  (text: string): (T | null)[] =>
    textArray(text).map((entry) => (entry === null ? null : parse(entry)));

const parsers = new Map<number, (text: string) => unknown>([
  [INT8, safeInteger],
  [INT8_ARRAY, inArray(safeInteger)],
  // The driver would turn a day into an instant at local midnight; a city's day has no instant.
  [DATE, keep],
  [DATE_ARRAY, inArray(keep)],
  [TIMESTAMP, keep],
]);

/**
 * How values come out of the database: int8 as number (beyond 2^53 it throws), date and timestamp without
 * zone as text, timestamptz as Date, numeric as text (decimal.js takes it from there), xid8 as text.
 */
export const valueParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && parsers.get(oid)) ||
    pg.types.getTypeParser(oid, format ?? 'text')) as CustomTypesConfig['getTypeParser'],
};

export interface PoolOptions {
  max?: number;
  /** Seen in pg_stat_activity; say which service it is. */
  applicationName?: string;
  /** Told when an idle connection is lost (server restarted); the pool replaces it by itself. */
  onError?: (error: Error) => void;
}

export function clientConfig(connection: Connection, applicationName = 'wanmi'): ClientConfig {
  return { ...connection, application_name: applicationName, types: valueParsers, keepAlive: true };
}

/** Of one process; a statement whose text is put together in endless ways must not fill every connection. */
const MOST_NAMED = 500;
const named = new Map<string, { name: string; text: string }>();

/**
 * A statement that begins with a word in `/*= … *\/` is prepared once per connection, under that word and its own
 * text: for the few that run with every command, whose planning would cost more than they do. Kysely names none.
 */
function namedStatement(text: string): string | { name: string; text: string } {
  const known = named.get(text);
  if (known) return known;
  const word = /^\s*\/\*= ([\w.]{1,30}) \*\//.exec(text)?.[1];
  if (word === undefined || named.size >= MOST_NAMED) return text;
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 16);
  const statement = { name: `${word}#${digest}`, text };
  named.set(text, statement);
  return statement;
}

class NamingClient extends pg.Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    const send = this.query.bind(this) as (...given: unknown[]) => unknown;
    this.query = ((text: unknown, ...more: unknown[]) =>
      send(typeof text === 'string' ? namedStatement(text) : text, ...more)) as typeof this.query;
  }
}

/** A pool on the connection. 4 to 8 connections were fastest for one process on 2 cores. */
export function createPool(connection: Connection, options: PoolOptions = {}): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(connection, options.applicationName),
    Client: NamingClient,
    max: options.max ?? 8,
    connectionTimeoutMillis: 10_000,
  });
  // Without a listener a lost idle connection would end the process.
  pool.on('error', (error) => options.onError?.(error));
  return pool;
}

export function createDb(pool: pg.Pool): Db {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}
