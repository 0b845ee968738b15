import { fromXPath } from './feel-pattern-xpath.ts';
import { RE2JS, RE2JSException } from 're2js';

/** A place where a pattern was found. */
export interface Found {
  readonly from: number;
  readonly to: number;
  /** Of the whole and of each group; null where a group took no part. */
  readonly groups: readonly (string | null)[];
}

/** A regular expression of FEEL (XPath's), whatever reads it. */
export interface Pattern {
  /** The first place, or all of them. */
  find(text: string): Iterable<Found>;
}

/** JavaScript's own engine tries again and again; what repeats itself twice may take for ever. */
const PLAIN_TEXT = 10_000;
const CACHE = 200;
const cache = new Map<string, Pattern | null>();

/**
 * The pattern, or null for one that is none. JavaScript's engine takes what it can only search in good time: at most
 * one repetition, and of no group. All others are searched in linear time by RE2's, which knows no references back (`\1`), no
 * classes that are taken from classes: those with several repetitions have no meaning.
 */
export function patternOf(pattern: string, flags: string): Pattern | null {
  if (!/^[smixq]*$/.test(flags)) return null;
  const key = `${flags} ${pattern}`;
  let found = cache.get(key);
  if (found === undefined) {
    found = read(pattern, flags);
    if (cache.size >= CACHE) cache.clear();
    cache.set(key, found);
  }
  return found;
}

function read(pattern: string, flags: string): Pattern | null {
  let source = pattern;
  if (flags.includes('q')) source = source.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
  else {
    const known = fromXPath(flags.includes('x') ? withoutBlanks(source) : source);
    if (known === null) return null;
    source = known;
  }
  // XPath subtracts classes as [a-z-[aeiou]], JavaScript as [[a-z]--[aeiou]]
  const own = source.replaceAll(/\[([^[\]]+)-\[([^[\]]+)\]\]/g, '[[$1]--[$2]]');
  const kept = flags.replaceAll(/[xq]/g, '').replaceAll(/(.)(?=.*\1)/g, '');
  const native = nativeOf(own, `g${kept}`);
  if (!native) return null;
  const repeats = repetitionsIn(source) > 1;
  let linear: Pattern | null | undefined;
  const linearly = (): Pattern | null => (linear ??= own === source ? linearOf(source, kept) : null);
  if (repeats) return linearly();
  // one repetition costs the square of the text
  return { find: (text) => (text.length > PLAIN_TEXT ? (linearly()?.find(text) ?? []) : native.find(text)) };
}

function nativeOf(source: string, flags: string): Pattern | null {
  for (const mode of ['v', 'u', '']) {
    try {
      const expression = new RegExp(source, flags + mode);
      return {
        *find(text) {
          for (const match of text.matchAll(expression)) {
            const to = match.index + match[0].length;
            yield { from: match.index, to, groups: Array.from(match, (group) => group ?? null) };
          }
        },
      };
    } catch {
      // the stricter modes refuse escapes that XPath allows
    }
  }
  return null;
}

function linearOf(source: string, flags: string): Pattern | null {
  let bits = 0;
  if (flags.includes('i')) bits |= RE2JS.CASE_INSENSITIVE;
  if (flags.includes('s')) bits |= RE2JS.DOTALL;
  if (flags.includes('m')) bits |= RE2JS.MULTILINE;
  try {
    const expression = RE2JS.compile(asJavaScript(source, flags.includes('s')), bits);
    return {
      *find(text) {
        const matcher = expression.matcher(text);
        while (matcher.find()) {
          const groups = Array.from({ length: matcher.groupCount() + 1 }, (_none, i) => matcher.group(i));
          yield { from: matcher.start(), to: matcher.end(), groups };
        }
      },
    };
  } catch (error) {
    if (error instanceof RE2JSException) return null;
    throw error;
  }
}

const SPACES = String.raw`\t\n\x0b\f\r \x{a0}\x{feff}\p{Z}`;

/** What RE2 takes for ASCII alone is Unicode's for JavaScript: blanks, and ends of lines. */
function asJavaScript(source: string, all: boolean): string {
  let inClass = false;
  return source.replaceAll(/\\u[0-9A-F]{4}|\\[^]|[^]/g, (part) => {
    if (part.startsWith(String.raw`\u`)) return `\\x{${part.slice(2)}}`;
    if (part === '[') inClass = true;
    else if (part === ']') inClass = false;
    else if (part === String.raw`\s`) return inClass ? SPACES : `[${SPACES}]`;
    else if (part === String.raw`\S` && !inClass) return `[^${SPACES}]`;
    else if (part === '.' && !inClass && !all) return String.raw`[^\n\r\x{2028}\x{2029}]`;
    return part;
  });
}

/** How often the pattern may repeat or leave something; a group that repeats may hold several ways (`(a|aa)+`). */
function repetitionsIn(source: string): number {
  let inClass = false;
  let before = '';
  let count = 0;
  for (const [part] of source.matchAll(/\\[^]|[^]/g)) {
    const quantifier = !inClass && /^[*+?{]$/.test(part);
    // not the mark of a group (`(?:`)
    if (quantifier && before !== '(') count += before === ')' ? 2 : 1;
    if (part === '[') inClass = true;
    if (part === ']') inClass = false;
    before = part;
  }
  return count;
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
