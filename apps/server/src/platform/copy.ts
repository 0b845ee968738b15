import type { PoolClient } from 'pg';

/** A value of a row to copy: dates as ISO text, jsonb as its own text, bytes as Buffer. */
export type CopyValue = string | number | boolean | Buffer | null | readonly string[];

interface CopyWire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

const CHUNK = 1 << 20;

/**
 * Writes many rows by `copy … from stdin`, the cheapest way into a table: no statement to parse, no JSON in between.
 * Runs in the transaction that the client is in. Geometries are EWKT, arrays of text are arrays of strings.
 */
export async function copyRows(
  client: PoolClient,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly CopyValue[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = columns.map((column) => `"${column}"`).join(', ');
  const lines = Buffer.from(rows.map((row) => `${row.map((value) => field(value)).join('\t')}\n`).join(''));
  await new Promise<void>((resolve, reject) => {
    // What the driver calls a submittable: it drives the wire itself instead of answering with rows.
    const copy = {
      submit(wire: CopyWire): void {
        wire.query(`copy "${table}" (${names}) from stdin`);
      },
      handleCopyInResponse(wire: CopyWire): void {
        for (let at = 0; at < lines.length; at += CHUNK)
          wire.sendCopyFromChunk(lines.subarray(at, at + CHUNK));
        wire.endCopyFrom();
      },
      handleCommandComplete(): void {},
      handleRowDescription(): void {},
      handleDataRow(): void {},
      handlePortalSuspended(): void {},
      handleEmptyQuery(): void {},
      handleError: (error: Error): void => reject(error),
      handleReadyForQuery: (): void => resolve(),
    };
    client.query(copy as never);
  });
}

function field(value: CopyValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') return escape(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (Buffer.isBuffer(value)) return `\\\\x${value.toString('hex')}`;
  return escape(`{${value.map((one) => `"${one.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`);
}

const SPECIAL = /[\\\b\f\n\r\t\v]/;
const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
};

function escape(text: string): string {
  return SPECIAL.test(text) ? text.replaceAll(/[\\\b\f\n\r\t\v]/g, (one) => ESCAPED[one]!) : text;
}
