import type { FunctionTable } from './feel-functions.ts';
import { decimal, type FeelNumber, parseNumber } from './feel-number.ts';
import { type Pattern, patternOf } from './feel-pattern.ts';
import { printValue } from './feel-values.ts';

/** Longer ones are a mistake of the text rather than a value. */
export const LONGEST_TEXT = 10_000_000;

/** Strings are counted in characters (code points), not in UTF-16 units. */
export const textFunctions: FunctionTable = {
  string: [
    {
      parameters: ['from: any'],
      call: (from: unknown) => (from === null ? null : typeof from === 'string' ? from : printValue(from)),
    },
  ],
  number: [
    {
      parameters: ['from: string', 'grouping separator: string?', 'decimal separator: string?'],
      call: toNumber,
    },
    { parameters: ['from: number'], call: (from: FeelNumber) => from },
  ],
  substring: [
    {
      parameters: ['string: string', 'start position: number', 'length: number?'],
      call: (text: string, start: FeelNumber, length?: FeelNumber | null) => {
        const characters = [...text];
        // positions lose what stands after their point
        const place = decimal(start).trunc().toNumber();
        const size =
          length === undefined || length === null ? characters.length : decimal(length).trunc().toNumber();
        if (place === 0 || size < 1) return null;
        if (Math.abs(place) > characters.length) return place > 0 ? '' : null;
        const from = place > 0 ? place - 1 : characters.length + place;
        return characters.slice(from, from + size).join('');
      },
    },
  ],
  'string length': [{ parameters: ['string: string'], call: (text: string) => [...text].length }],
  'upper case': [{ parameters: ['string: string'], call: (text: string) => text.toUpperCase() }],
  'lower case': [{ parameters: ['string: string'], call: (text: string) => text.toLowerCase() }],
  'substring before': [
    {
      parameters: ['string: string', 'match: string'],
      call: (text: string, match: string) => text.slice(0, Math.max(0, text.indexOf(match))),
    },
  ],
  'substring after': [
    {
      parameters: ['string: string', 'match: string'],
      call: (text: string, match: string) =>
        text.includes(match) ? text.slice(text.indexOf(match) + match.length) : '',
    },
  ],
  contains: [
    {
      parameters: ['string: string', 'match: string'],
      call: (text: string, match: string) => text.includes(match),
    },
  ],
  'starts with': [
    {
      parameters: ['string: string', 'match: string'],
      call: (text: string, match: string) => text.startsWith(match),
    },
  ],
  'ends with': [
    {
      parameters: ['string: string', 'match: string'],
      call: (text: string, match: string) => text.endsWith(match),
    },
  ],
  matches: [
    {
      parameters: ['input: string', 'pattern: string', 'flags: string?'],
      call: (text: string, pattern: string, flags?: string | null) =>
        isFound(text, patternOf(pattern, flags ?? '')),
    },
  ],
  replace: [
    {
      parameters: ['input: string', 'pattern: string', 'replacement: string', 'flags: string?'],
      call: (text: string, pattern: string, replacement: string, flags?: string | null) => {
        const expression = patternOf(pattern, flags ?? '');
        return expression && replaced(text, expression, replacement);
      },
    },
  ],
  split: [
    {
      parameters: ['string: string', 'delimiter: string'],
      call: (text: string, delimiter: string) => {
        const expression = patternOf(delimiter, '');
        return expression && splitBy(text, expression);
      },
    },
  ],
  'string join': [
    {
      parameters: ['list: list', 'delimiter: string?'],
      call: (list: readonly unknown[], delimiter?: string | null) => {
        const texts = list.filter((element) => element !== null);
        if (!texts.every((element) => typeof element === 'string')) return null;
        const between = delimiter ?? '';
        const size = texts.reduce((total, part) => total + part.length + between.length, 0);
        return size > LONGEST_TEXT ? null : texts.join(between);
      },
    },
  ],
};

const separators = ['.', ',', ' '];

function toNumber(from: string, grouping?: string | null, point?: string | null): FeelNumber | null {
  if (grouping && !separators.includes(grouping)) return null;
  if (point && !separators.slice(0, 2).includes(point)) return null;
  if (grouping === '' || point === '' || (grouping && grouping === point)) return null;
  let text = grouping ? from.replaceAll(grouping, '') : from;
  if (point === ',') {
    if (text.includes('.')) return null;
    text = text.replace(',', '.');
  }
  return parseNumber(text);
}

function isFound(text: string, pattern: Pattern | null): boolean | null {
  if (!pattern) return null;
  for (const _place of pattern.find(text)) return true;
  return false;
}

/** Groups of the delimiter are no parts of the text. */
function splitBy(text: string, pattern: Pattern): string[] {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to } of pattern.find(text)) {
    if (to === from) continue;
    parts.push(text.slice(at, from));
    at = to;
  }
  return [...parts, text.slice(at)];
}

function replaced(text: string, pattern: Pattern, replacement: string): string | null {
  const parts: string[] = [];
  let at = 0;
  let size = 0;
  for (const { from, to, groups } of pattern.find(text)) {
    const put = expanded(replacement, groups);
    size += put.length;
    if (size > LONGEST_TEXT) return null;
    parts.push(text.slice(at, from), put);
    at = to;
  }
  return parts.join('') + text.slice(at);
}

/** `$1` is a group, `$0` the whole match, `\$` a dollar; a group that there is not stays as it is written. */
function expanded(replacement: string, groups: readonly (string | null)[]): string {
  return replacement.replaceAll(
    /\\([\\$])|\$(\d{1,2})/g,
    (found, escaped: string | undefined, digits: string) => {
      if (escaped !== undefined) return escaped;
      if (Number(digits) < groups.length) return groups[Number(digits)] ?? '';
      const [first = '', rest = ''] = digits;
      return digits.length > 1 && Number(first) < groups.length
        ? (groups[Number(first)] ?? '') + rest
        : found;
    },
  );
}
