/** Unicode's blocks of the languages that reach a city's desk, by XPath's names for them (`\p{IsCyrillic}`). */
const blocks: Readonly<Record<string, readonly [number, number]>> = {
  BasicLatin: [0x00, 0x7f],
  'Latin-1Supplement': [0x80, 0xff],
  'LatinExtended-A': [0x100, 0x17f],
  'LatinExtended-B': [0x180, 0x24f],
  IPAExtensions: [0x250, 0x2af],
  SpacingModifierLetters: [0x2b0, 0x2ff],
  CombiningDiacriticalMarks: [0x300, 0x36f],
  Greek: [0x370, 0x3ff],
  GreekandCoptic: [0x370, 0x3ff],
  Cyrillic: [0x400, 0x4ff],
  CyrillicSupplement: [0x500, 0x52f],
  Armenian: [0x530, 0x58f],
  Hebrew: [0x590, 0x5ff],
  Arabic: [0x600, 0x6ff],
  Syriac: [0x700, 0x74f],
  Thaana: [0x780, 0x7bf],
  Devanagari: [0x900, 0x97f],
  Bengali: [0x980, 0x9ff],
  Gurmukhi: [0xa00, 0xa7f],
  Gujarati: [0xa80, 0xaff],
  Oriya: [0xb00, 0xb7f],
  Tamil: [0xb80, 0xbff],
  Telugu: [0xc00, 0xc7f],
  Kannada: [0xc80, 0xcff],
  Malayalam: [0xd00, 0xd7f],
  Sinhala: [0xd80, 0xdff],
  Thai: [0xe00, 0xe7f],
  Lao: [0xe80, 0xeff],
  Tibetan: [0xf00, 0xfff],
  Myanmar: [0x1000, 0x109f],
  Georgian: [0x10a0, 0x10ff],
  HangulJamo: [0x1100, 0x11ff],
  Ethiopic: [0x1200, 0x137f],
  Cherokee: [0x13a0, 0x13ff],
  Khmer: [0x1780, 0x17ff],
  Mongolian: [0x1800, 0x18af],
  LatinExtendedAdditional: [0x1e00, 0x1eff],
  GreekExtended: [0x1f00, 0x1fff],
  GeneralPunctuation: [0x2000, 0x206f],
  SuperscriptsandSubscripts: [0x2070, 0x209f],
  CurrencySymbols: [0x20a0, 0x20cf],
  LetterlikeSymbols: [0x2100, 0x214f],
  NumberForms: [0x2150, 0x218f],
  Arrows: [0x2190, 0x21ff],
  MathematicalOperators: [0x2200, 0x22ff],
  MiscellaneousTechnical: [0x2300, 0x23ff],
  EnclosedAlphanumerics: [0x2460, 0x24ff],
  BoxDrawing: [0x2500, 0x257f],
  BlockElements: [0x2580, 0x259f],
  GeometricShapes: [0x25a0, 0x25ff],
  MiscellaneousSymbols: [0x2600, 0x26ff],
  Dingbats: [0x2700, 0x27bf],
  CJKRadicalsSupplement: [0x2e80, 0x2eff],
  KangxiRadicals: [0x2f00, 0x2fdf],
  CJKSymbolsandPunctuation: [0x3000, 0x303f],
  Hiragana: [0x3040, 0x309f],
  Katakana: [0x30a0, 0x30ff],
  Bopomofo: [0x3100, 0x312f],
  HangulCompatibilityJamo: [0x3130, 0x318f],
  EnclosedCJKLettersandMonths: [0x3200, 0x32ff],
  CJKCompatibility: [0x3300, 0x33ff],
  CJKUnifiedIdeographsExtensionA: [0x3400, 0x4dbf],
  CJKUnifiedIdeographs: [0x4e00, 0x9fff],
  YiSyllables: [0xa000, 0xa48f],
  HangulSyllables: [0xac00, 0xd7af],
  PrivateUse: [0xe000, 0xf8ff],
  CJKCompatibilityIdeographs: [0xf900, 0xfaff],
  AlphabeticPresentationForms: [0xfb00, 0xfb4f],
  'ArabicPresentationForms-A': [0xfb50, 0xfdff],
  'ArabicPresentationForms-B': [0xfe70, 0xfeff],
  HalfwidthandFullwidthForms: [0xff00, 0xffef],
};

/** Characters that begin a name of XML (`\i`) and those within one (`\c`). */
const names: Readonly<Record<string, string>> = {
  i: String.raw`_:\p{L}`,
  c: String.raw`\-._:\u00B7\p{L}\p{M}\p{N}`,
};

const piece = /\\([pP])\{([^}]*)\}|\\(\d+)|\\[^]|[^]/gu;

/**
 * A pattern of XPath as JavaScript writes it; null for what XPath does not know: a reference back to a group that
 * is not closed yet, or within a class, or to `\0`; a block of characters that nobody named.
 */
export function fromXPath(pattern: string): string | null {
  const reader = new Reader();
  const parts: string[] = [];
  for (const match of pattern.matchAll(piece)) {
    const part = reader.read(match);
    if (part === null) return null;
    parts.push(part);
  }
  return parts.join('');
}

class Reader {
  #class = 0;
  /** Groups that are open: their numbers, or null for those that catch nothing. */
  readonly #open: (number | null)[] = [];
  readonly #closed = new Set<number>();
  #groups = 0;

  read(match: RegExpExecArray): string | null {
    const [part, category, property, digits] = match;
    if (category !== undefined) return this.#category(part, category === 'P', property!);
    if (digits !== undefined) return this.#reference(digits);
    if (part.startsWith('\\')) return this.#escaped(part);
    if (part === '[') this.#class += 1;
    else if (part === ']') this.#class = Math.max(0, this.#class - 1);
    else if (this.#class === 0) this.#group(part, match.input.slice(match.index + 1));
    return part;
  }

  #group(part: string, rest: string): void {
    if (part === '(') this.#open.push(rest.startsWith('?') ? null : (this.#groups += 1));
    if (part !== ')') return;
    const number = this.#open.pop();
    if (typeof number === 'number') this.#closed.add(number);
  }

  /** `\12` is the twelfth group where there is one, else the first and a 2. */
  #reference(digits: string): string | null {
    if (this.#class > 0) return null;
    for (let length = digits.length; length > 0; length -= 1) {
      if (!this.#closed.has(Number(digits.slice(0, length)))) continue;
      const rest = digits.slice(length);
      return `\\${digits.slice(0, length)}${rest && `(?:${rest})`}`;
    }
    return null;
  }

  #escaped(part: string): string {
    const name = part.slice(1);
    const characters = names[name.toLowerCase()];
    if (characters === undefined) return part;
    return this.#among(characters, name !== name.toLowerCase());
  }

  #category(part: string, negated: boolean, property: string): string | null {
    if (!property.startsWith('Is')) return part;
    const block = blocks[property.slice(2)];
    if (!block) return null;
    const [from, to] = block.map((code) => `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`);
    return this.#among(`${from}-${to}`, negated);
  }

  #among(characters: string, negated: boolean): string {
    return this.#class > 0 && !negated ? characters : `[${negated ? '^' : ''}${characters}]`;
  }
}
