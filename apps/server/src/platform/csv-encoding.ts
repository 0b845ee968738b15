export const CSV_ENCODINGS = ['utf-8', 'gb18030', 'windows-1252', 'utf-16le', 'utf-16be'] as const;
export type CsvEncoding = (typeof CSV_ENCODINGS)[number];

/** As much as tells the encodings apart: some thousand characters beyond ASCII, in any language. */
const SAMPLE = 1024 * 1024;
/** Enough for a byte order mark and for the zero bytes of UTF-16. */
const HEAD = 4096;

/**
 * By byte order mark, else UTF-8 where the bytes are UTF-8 (a character cut at the end of what is seen contradicts
 * nothing); else the one that fits the bytes around the first that is not.
 */
export async function detectEncoding(source: AsyncIterable<Uint8Array>): Promise<CsvEncoding> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let head: Uint8Array | null = new Uint8Array();
  let before: Uint8Array = new Uint8Array();
  let odd: Uint8Array[] | null = null;
  let size = 0;
  for await (const chunk of source) {
    if (head !== null) {
      head = Buffer.concat([head, chunk]);
      const wide = wideOf(head);
      if (wide !== null) return wide;
      if (head.length >= HEAD) head = null;
    }
    if (odd === null) {
      try {
        decoder.decode(chunk, { stream: true });
        before = chunk;
        continue;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        odd = [before];
      }
    }
    odd.push(chunk);
    size += chunk.length;
    if (size >= SAMPLE) break;
  }
  return odd === null ? 'utf-8' : narrowOf(Buffer.concat(odd));
}

/** UTF-16 by its mark, or by the zero bytes that signs, digits and line ends have on one side. */
function wideOf(head: Uint8Array): CsvEncoding | null {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const seen = Math.min(head.length, HEAD);
  if (seen < 64) return null;
  let even = 0;
  let uneven = 0;
  for (let at = 0; at < seen; at += 1) {
    if (head[at] !== 0) continue;
    if (at % 2 === 0) even += 1;
    else uneven += 1;
  }
  // Every tenth character, and hardly any zero on the other side.
  if (uneven > seen / 20 && even * 20 < uneven) return 'utf-16le';
  return even > seen / 20 && uneven * 20 < even ? 'utf-16be' : null;
}

/** Of bytes that are not UTF-8 throughout. */
function narrowOf(bytes: Uint8Array): CsvEncoding {
  let whole = 0;
  let broken = 0;
  let pairs = 0;
  let alone = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at]! < 0x80) at += 1;
    else {
      const length = utf8Length(bytes, at);
      if (length > 0) whole += 1;
      else broken += 1;
      at += Math.max(length, 1);
    }
  }
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at]! < 0x80) continue;
    if ((bytes[at + 1] ?? 0) < 0x80) {
      if (isLetter(bytes[at - 1]) || isLetter(bytes[at + 1])) alone += 1;
    } else {
      pairs += 1;
      at += 1;
    }
  }
  // Characters that a program cut in two: the file is UTF-8 all the same, and not a page of wrong signs.
  if (whole > broken * 10) return 'utf-8';
  // Chinese stands in pairs of high bytes; an umlaut or an accent stands between ASCII letters.
  return alone > pairs ? 'windows-1252' : 'gb18030';
}

const isLetter = (byte = 0): boolean => /[a-z]/i.test(String.fromCharCode(byte));

/** How long the UTF-8 character is that begins here; 0: none does. */
function utf8Length(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length === 0 || lead >= 0xf5) return 0;
  for (let i = 1; i < length; i += 1) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}
