import { Text } from '@wanmi/contracts';
import { z } from 'zod';
import { cityDay } from '#platform/clock';
import type { CatalogData } from './model.ts';

/** How the numbers of a series look, e.g. `{yyyy}{MM}{dd}-{serial:5}`. */
export interface Numbering {
  readonly series: string;
  readonly pattern: string;
  readonly parts: readonly NumberPart[];
}

export type NumberPart =
  | { readonly text: string }
  | { readonly of: 'city' | DatePart }
  | { readonly serial: number };
type DatePart = 'yyyy' | 'yy' | 'MM' | 'dd';

/** What a number is made of but the serial, which the database gives: before + serial padded to `width` + after. */
export interface NumberFrame {
  readonly series: string;
  /** The serial starts anew with each period: the day, month or year that the pattern shows. */
  readonly period: string;
  readonly before: string;
  readonly after: string;
  readonly width: number;
}

/** A file of `numbering/` as it must look before its pattern is read. */
export const NumberingFile = z.strictObject({
  $schema: z.string().optional(),
  series: z.string().regex(/^[a-zA-Z][\w-]{0,39}$/),
  name: Text.optional(),
  pattern: z.string().min(1).max(60),
});

const PART = /\{(yyyy|yy|MM|dd|city)\}|\{serial(?::([1-9]))?\}|([^{}\s\p{C}]+)/gu;
/** Each date part only makes sense below the larger one: `{dd}` alone would give the same number every month. */
const NEEDS: Readonly<Record<string, string>> = { dd: 'MM', MM: 'y' };

/** Compiles a numbering rule. @throws with the reason where numbers by it would be unreadable or come twice */
export function compileNumbering(content: string): Numbering {
  const { series, pattern } = NumberingFile.parse(JSON.parse(content));
  const parts: NumberPart[] = [];
  let at = 0;
  for (const match of pattern.matchAll(PART)) {
    if (match.index !== at) break;
    at += match[0].length;
    const [, of, width, text] = match;
    if (of !== undefined) parts.push({ of: of as DatePart | 'city' });
    else if (text !== undefined) parts.push({ text });
    else parts.push({ serial: Number(width ?? 1) });
  }
  if (at !== pattern.length)
    throw new Error(`numbering ${series}: cannot read the pattern from ${at + 1} on`);
  check(series, parts);
  return Object.freeze({ series, pattern, parts });
}

function check(series: string, parts: readonly NumberPart[]): void {
  const serials = parts.filter((part) => 'serial' in part).length;
  if (serials !== 1)
    throw new Error(`numbering ${series}: the pattern needs one {serial:n}, it has ${serials}`);
  const dates = parts.flatMap((part) => ('of' in part && part.of !== 'city' ? [part.of] : []));
  for (const date of dates) {
    const needed = NEEDS[date];
    if (needed !== undefined && !dates.some((other) => other.startsWith(needed)))
      throw new Error(`numbering ${series}: {${date}} without ${needed === 'y' ? '{yyyy}' : `{${needed}}`}`);
  }
}

/** Where a city has no rule for a series: day and five digits. */
export function defaultNumbering(series: string): Numbering {
  const parts: NumberPart[] = [
    { of: 'yyyy' },
    { of: 'MM' },
    { of: 'dd' },
    { text: series === 'case' ? '-' : `-${series}-` },
    { serial: 5 },
  ];
  const pattern = parts.map(shown).join('');
  return { series, pattern, parts };
}

function shown(part: NumberPart): string {
  if ('text' in part) return part.text;
  return 'of' in part ? `{${part.of}}` : `{serial:${part.serial}}`;
}

/** The frame of a number that is given at this moment (ms). */
export function numberFor(
  { numbering, city }: Pick<CatalogData, 'numbering' | 'city'>,
  series: string,
  at: number,
): NumberFrame {
  const { parts } = numbering.get(series) ?? defaultNumbering(series);
  const [yyyy = '', MM = '', dd = ''] = cityDay(at, city.timeZone).split('-');
  const values = { yyyy, yy: yyyy.slice(-2), MM, dd, city: city.code };
  const dates = new Set(parts.flatMap((part) => ('of' in part ? [part.of] : [])));
  const year = dates.has('yyyy') || dates.has('yy') ? yyyy : '';
  const serialAt = parts.findIndex((part) => 'serial' in part);
  const serial = parts[serialAt];
  const render = (some: readonly NumberPart[]): string =>
    some.map((part) => ('text' in part ? part.text : 'of' in part ? values[part.of] : '')).join('');
  return {
    series,
    period: year + (dates.has('MM') ? MM : '') + (dates.has('dd') ? dd : ''),
    before: render(parts.slice(0, serialAt)),
    after: render(parts.slice(serialAt + 1)),
    width: serial && 'serial' in serial ? serial.serial : 1,
  };
}

/** Beginnings this short are no numbers: every report would be one of a few. */
const SHORTEST = 4;

/** Whether a text is a number of the series by the rule in force, or the beginning of one. */
export function isNumberOf(
  { numbering, city }: Pick<CatalogData, 'numbering' | 'city'>,
  series: string,
  text: string,
): boolean {
  const { parts } = numbering.get(series) ?? defaultNumbering(series);
  const signs = parts.flatMap((part): (string | null)[] => {
    if ('text' in part) return [...part.text];
    if ('serial' in part) return Array<null>(part.serial).fill(null);
    return part.of === 'city' ? [...city.code] : Array<null>(part.of.length).fill(null);
  });
  const serialAt = parts.findIndex((part) => 'serial' in part);
  // What comes after a serial is not told from more of its digits: it is looked for as a whole or not at all
  const open = serialAt === parts.length - 1;
  const given = [...text];
  if (given.length < SHORTEST || (given.length > signs.length && !open)) return false;
  return given.every((sign, at) => {
    const expected = at < signs.length ? signs[at]! : null;
    return expected === null ? sign >= '0' && sign <= '9' : sign === expected;
  });
}
