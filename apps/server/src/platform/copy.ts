import type { PoolClient } from 'pg';

/** A cell of a row for COPY: what PostgreSQL reads as text. */
export type CopyValue = string | number | boolean | Date | Buffer | null | readonly string[];

/** The wire of the driver, as far as COPY needs it. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

const CHUNK = 64 * 1024;

/** Statements of the driver's own kind: its queue calls these as the server answers. */
class CopyIn {
  readonly #parts: readonly CopyPart[];
  readonly #done: (error: Error | null) => void;

  constructor(parts: readonly CopyPart[], done: (error: Error | null) => void) {
    this.#parts = parts;
    this.#done = done;
  }

  /**
   * All of it at once, without waiting for the server to ask for the next: it reads what belongs to a statement until
   * its end, and after a mistake takes no notice of the rest.
   */
  submit(wire: Wire): void {
    wire.query(this.#parts.map(({ into }) => `copy ${into} from stdin`).join(';'));
    for (const { data } of this.#parts) {
      const bytes = Buffer.from(data, 'utf8');
      for (let at = 0; at < bytes.length; at += CHUNK) wire.sendCopyFromChunk(bytes.subarray(at, at + CHUNK));
      wire.endCopyFrom();
    }
  }

  /** The driver lets go of a statement with its mistake; it sends nothing else before the server is ready again. */
  handleError(error: Error): void {
    this.#done(error);
  }

  handleCopyInResponse(): void {}
  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyData(): void {}

  handleReadyForQuery(): void {
    this.#done(null);
  }
}

interface CopyPart {
  readonly into: string;
  /** In COPY's text format. */
  data: string;
}

/** Rows of several tables that are written in one go, in the order in which the tables were first named. */
export class CopyLot {
  readonly #parts = new Map<string, CopyPart>();

  add(table: string, columns: readonly string[], rows: Iterable<readonly CopyValue[]>): void {
    const into = `${named(table)} (${columns.map((column) => named(column)).join(', ')})`;
    let part = this.#parts.get(into);
    if (!part) this.#parts.set(into, (part = { into, data: '' }));
    for (const row of rows) part.data += copyLine(row);
  }

  /** In the transaction of the client, if it is in one; without one, all tables or none. */
  async send(client: PoolClient): Promise<void> {
    await copyParts(
      client,
      [...this.#parts.values()].filter(({ data }) => data !== ''),
    );
  }
}

/**
 * Rows into a table by COPY: several times as fast as inserts of the same rows. In the transaction of the client, if
 * it is in one. jsonb comes as its own text, a geometry as EWKT.
 */
export async function copyRows(
  client: PoolClient,
  table: string,
  columns: readonly string[],
  rows: Iterable<readonly CopyValue[]>,
): Promise<void> {
  const lot = new CopyLot();
  lot.add(table, columns, rows);
  await lot.send(client);
}

const named = (name: string): string => (name.startsWith('"') ? name : `"${name}"`);

/** The same of text that is in COPY's format already. */
export const copyText = (client: PoolClient, into: string, data: string): Promise<void> =>
  copyParts(client, [{ into, data }]);

async function copyParts(client: PoolClient, parts: readonly CopyPart[]): Promise<void> {
  if (parts.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    const copy = new CopyIn(parts, (error) => (error ? reject(error) : resolve()));
    client.query(copy as never);
  });
}

/** One line of COPY's text format. */
export function copyLine(row: readonly CopyValue[]): string {
  let line = '';
  for (let i = 0; i < row.length; i += 1) {
    if (i > 0) line += '\t';
    line += cellOf(row[i]!);
  }
  return `${line}\n`;
}

function cellOf(value: CopyValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return `\\\\x${value.toString('hex')}`;
  return escaped(`{${(value as readonly string[]).map(quoted).join(',')}}`);
}

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

const SPECIAL = /[\\\n\r\t]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\n\r\t]/g, (one) => ESCAPES[one]!) : text;
}
