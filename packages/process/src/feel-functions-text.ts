import type { FunctionTable } from './feel-functions.ts';
import { decimal, type FeelNumber, parseNumber } from './feel-number.ts';
import { printValue } from './feel-values.ts';

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
        regularExpression(pattern, flags ?? '', '')?.test(text) ?? null,
    },
  ],
  replace: [
    {
      parameters: ['input: string', 'pattern: string', 'replacement: string', 'flags: string?'],
      call: (text: string, pattern: string, replacement: string, flags?: string | null) => {
        const expression = regularExpression(pattern, flags ?? '', 'g');
        return expression && text.replace(expression, javaScriptReplacement(replacement));
      },
    },
  ],
  split: [
    {
      parameters: ['string: string', 'delimiter: string'],
      call: (text: string, delimiter: string) => {
        const expression = regularExpression(delimiter, '', '');
        // groups of the delimiter are no parts of the text
        return expression && splitWithoutGroups(text, expression);
      },
    },
  ],
  'string join': [
    {
      parameters: ['list: list', 'delimiter: string?'],
      call: (list: readonly unknown[], delimiter?: string | null) => {
        const texts = list.filter((element) => element !== null);
        return texts.every((element) => typeof element === 'string') ? texts.join(delimiter ?? '') : null;
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

function splitWithoutGroups(text: string, expression: RegExp): string[] {
  const every = new RegExp(expression.source, `${expression.flags}g`);
  const found: string[] = [];
  let from = 0;
  for (const match of text.matchAll(every)) {
    if (match[0] === '') continue;
    found.push(text.slice(from, match.index));
    from = match.index + match[0].length;
  }
  return [...found, text.slice(from)];
}

/** XPath's flags; null for an expression that is none. */
function regularExpression(pattern: string, flags: string, own: string): RegExp | null {
  if (!/^[smixq]*$/.test(flags)) return null;
  let source = pattern;
  if (flags.includes('q')) source = source.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
  else if (flags.includes('x')) source = withoutBlanks(source);
  // XPath subtracts classes as [a-z-[aeiou]], JavaScript as [[a-z]--[aeiou]]
  source = source.replaceAll(/\[([^[\]]+)-\[([^[\]]+)\]\]/g, '[[$1]--[$2]]');
  const kept = own + flags.replaceAll(/[xq]/g, '').replace(/(.)(?=.*\1)/g, '');
  for (const mode of ['v', 'u', '']) {
    try {
      return new RegExp(source, kept + mode);
    } catch {
      // the stricter modes refuse escapes that XPath allows
    }
  }
  return null;
}

/** Blanks outside of classes mean nothing under the flag x. */
function withoutBlanks(pattern: string): string {
  let inClass = false;
  return [...pattern]
    .filter((character) => {
      if (character === '[') inClass = true;
      if (character === ']') inClass = false;
      return inClass || !/\s/.test(character);
    })
    .join('');
}

/** `$1` stays, `$0` is the whole match, `\$` a dollar. */
function javaScriptReplacement(text: string): string {
  return text.replaceAll(/\\([\\$])|\$0|\$&/g, (found, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped === '$' ? '$$' : '\\';
    return found === '$0' ? '$&' : '$$&';
  });
}
