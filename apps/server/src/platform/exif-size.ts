/** A camera writes about a hundred entries. libexif takes minutes for some thousands that lead to one another. */
const MAX_ENTRIES = 1000;

/** A picture has a block or two, and four bytes by chance once in four gigabytes: so many are there to be read one by one. */
const MAX_BLOCKS = 100;

/** EXIF, GPS, interoperability and further directories: where an entry's value leads on. */
const LEADS_ON = new Set([0x8769, 0x8825, 0xa005, 0x014a]);

/**
 * Whether some EXIF block of a picture has more entries than any camera writes, or leads in a circle, or there are heaps
 * of blocks. Asked before libvips opens the file: what it does with such a block cannot be interrupted. It stands in
 * another place in each format; a TIFF header that follows the word, or the four zeros of HEIF, is one.
 */
export function hasExifBomb(file: Buffer): boolean {
  let blocks = 0;
  for (const order of ['II*\0', 'MM\0*']) {
    for (let at = file.indexOf(order, 0, 'latin1'); at >= 0; at = file.indexOf(order, at + 1, 'latin1')) {
      blocks += 1;
      if (blocks > MAX_BLOCKS) return true;
      const before = file.toString('latin1', Math.max(0, at - 12), at);
      if (!/exif/i.test(before) && !before.endsWith('\0\0\0\0')) continue;
      if (entriesOf(file.subarray(at), order === 'II*\0') > MAX_ENTRIES) return true;
    }
  }
  return false;
}

/** As often as a reader that remembers nothing would see them; no further than it is too many. */
function entriesOf(tiff: Buffer, little: boolean): number {
  const two = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const four = (at: number): number => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  if (tiff.length < 8) return 0;
  let seen = 0;
  const left = [four(4)];
  while (left.length > 0 && seen <= MAX_ENTRIES) {
    const at = left.pop()!;
    if (at === 0 || at + 2 > tiff.length) continue;
    const count = Math.min(two(at), Math.floor((tiff.length - at - 2) / 12));
    seen += count + 1;
    for (let entry = at + 2; entry < at + 2 + Math.min(count, MAX_ENTRIES) * 12; entry += 12) {
      if (LEADS_ON.has(two(entry))) left.push(four(entry + 8));
    }
    const next = at + 2 + count * 12;
    if (next + 4 <= tiff.length) left.push(four(next));
  }
  return seen;
}
