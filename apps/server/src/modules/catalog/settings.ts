import { z } from 'zod';

/**
 * Settings of a city that the program knows: each a small JSON value with its default. A city's row that does
 * not fit is reported and the default holds, so that one wrong value does not stop a centre.
 */
const known = {
  /** Reports of collectors are accepted by the system, not by an operator. */
  autoAccept: z.boolean().default(false),
  /** Accepted reports that need verification go to the collector of the place at once. */
  autoSendVerify: z.boolean().default(false),
  /** Responses go to check at once. */
  autoSendCheck: z.boolean().default(false),
  /** Dispatched by the system where the manual names one department. */
  autoDispatch: z.boolean().default(false),
  /** Code of the scheme in whose digits `kind:code` is read; null: the only one there is. */
  scheme: z.string().nullable().default(null),
};

type Known = { readonly [K in keyof typeof known]: z.output<(typeof known)[K]> };
export interface Settings extends Known {
  /** Everything else that the city has set, as it stands. */
  readonly other: ReadonlyMap<string, unknown>;
}

export const SETTING_KEYS = Object.keys(known) as (keyof Known)[];

/** Reads the rows of `setting`; `onBad` hears the key of a value that does not fit. */
export function readSettings(
  rows: readonly { key: string; value: unknown }[],
  onBad: (key: string) => void,
): Settings {
  const set = new Map(rows.map((row) => [row.key, row.value]));
  const values = Object.fromEntries(
    Object.entries(known).map(([key, schema]) => {
      const parsed = schema.safeParse(set.get(key));
      if (!parsed.success) onBad(key);
      return [key, parsed.success ? parsed.data : schema.parse(undefined)];
    }),
  ) as Known;
  const other = new Map([...set].filter(([key]) => !Object.hasOwn(known, key)));
  return { ...values, other };
}
