import type { z } from 'zod';
import { problem } from './errors.ts';

/**
 * Keyset paging: read `limit + 1` rows after the cursor's key, by row comparison (never `or`), and let `pageOf`
 * cut the last one off. The cursor is opaque to clients; what comes back is checked like any other input.
 */
export function encodeCursor(key: unknown): string {
  return Buffer.from(JSON.stringify(key), 'utf8').toString('base64url');
}

/** The key in a cursor; undefined for the first page. Throws `cursor.invalid` on anything else. */
export function decodeCursor<T extends z.ZodType>(
  text: string | undefined,
  schema: T,
): z.output<T> | undefined {
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseKey(text));
  if (!parsed.success) throw problem('cursor.invalid');
  return parsed.data;
}

function parseKey(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw problem('cursor.invalid');
  }
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** A page of `rows`, of which there may be one more than `limit`: then there is a next page. */
export function pageOf<T>(rows: readonly T[], limit: number, toCursor: (last: T) => unknown): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encodeCursor(toCursor(last)) : null };
}
