import { gunzipSync, gzipSync } from 'node:zlib';
import { MAX_RULE_FILE } from '@wanmi/contracts';
import { problem } from '#platform/errors';
import { decodeText, isNote, placeOf, RuleSetError, sorted, type RuleSet } from './rule-set.ts';

/** Of a packed archive that is taken in. */
export const MAX_ARCHIVE = 16 * 1024 * 1024;
const MAX_UNPACKED = 64 * 1024 * 1024;
const MAX_FILES = 2000;
const BLOCK = 512;

/**
 * A rule set as one file: tar (ustar) packed with gzip, which every system opens. Sorted, without times, owners and
 * names of the machine, so that the same rules give the same bytes.
 */
export function packArchive(files: RuleSet): Buffer {
  const parts: Buffer[] = [];
  for (const [file, text] of sorted(files)) {
    const content = Buffer.from(text, 'utf8');
    parts.push(headerOf(file, content.length), content, Buffer.alloc(padding(content.length)));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  const packed = gzipSync(Buffer.concat(parts), { level: 9 });
  packed[9] = 0xff; // RFC 1952: the operating system is not known
  return packed;
}

function headerOf(file: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void => {
    header.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  };
  if (Buffer.byteLength(file) > 100) throw problem('rule.archive', { reason: 'path', file });
  header.write(file, 0, 'utf8');
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  header.write(' '.repeat(8), 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/**
 * Reads an archive that may come from anywhere. It is refused as a whole (`rule.archive`, with the reason and the
 * file) for a path that leads out of it or means nothing, a link, a name that comes twice, text that is not UTF-8,
 * a broken header, or more than a city's rules can be. Notes (`*.md`) and folders are left out.
 */
export function unpackArchive(packed: Uint8Array): RuleSet {
  if (packed.length > MAX_ARCHIVE) throw problem('media.tooLarge', { maxBytes: MAX_ARCHIVE });
  const tar = gunzip(packed);
  const files = new Map<string, string>();
  for (const { file, content } of entriesOf(tar)) {
    if (files.has(file)) throw problem('rule.archive', { reason: 'twice', file });
    if (files.size >= MAX_FILES) throw problem('rule.archive', { reason: 'files' });
    // No more than an editor would take either: a check reads each of them from end to end
    if (content.length > MAX_RULE_FILE) throw problem('rule.archive', { reason: 'size', file });
    files.set(file, textOf(file, content));
  }
  if (files.size === 0) throw problem('rule.archive', { reason: 'empty' });
  return sorted(files);
}

function gunzip(packed: Uint8Array): Buffer {
  try {
    // A small file can hold terabytes: no more than this is ever unpacked.
    return gunzipSync(packed, { maxOutputLength: MAX_UNPACKED });
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw problem('rule.archive', { reason: tooLarge ? 'size' : 'gzip' }, { cause });
  }
}

function textOf(file: string, content: Uint8Array): string {
  try {
    return decodeText(file, content);
  } catch (cause) {
    if (cause instanceof RuleSetError) throw problem('rule.archive', { reason: 'encoding', file }, { cause });
    throw cause;
  }
}

function* entriesOf(tar: Buffer): Generator<{ file: string; content: Buffer }> {
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    if (!sumFits(header)) throw problem('rule.archive', { reason: 'header' });
    const size = octalAt(header, 124, 12);
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (size > MAX_UNPACKED || content.length < size) throw problem('rule.archive', { reason: 'cut' });
    at += BLOCK + size + padding(size);
    const type = String.fromCharCode(header[156]!);
    // What other programs write about times and owners. A longer name or size than the header's would be hidden in it.
    if (type === 'x' || type === 'g') {
      if (/\d+ (path|linkpath|size)=/.test(content.toString('latin1'))) {
        throw problem('rule.archive', { reason: 'path' });
      }
      continue;
    }
    const file = nameOf(header);
    if (type === '5') continue;
    if (type !== '0' && type !== '\0') throw problem('rule.archive', { reason: 'type', file });
    if (isNote(file.split('/').at(-1)!)) continue;
    if (!placeOf(file)) throw problem('rule.archive', { reason: 'path', file });
    yield { file, content };
  }
  throw problem('rule.archive', { reason: 'cut' });
}

function nameOf(header: Buffer): string {
  const text = (from: number, length: number): string => {
    const field = header.subarray(from, from + length);
    const end = field.indexOf(0);
    return field.subarray(0, end < 0 ? length : end).toString('utf8');
  };
  const prefix = header.subarray(257, 262).toString('latin1') === 'ustar' ? text(345, 155) : '';
  const name = `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`;
  return name.replace(/^\.\//, '');
}

function octalAt(header: Buffer, at: number, length: number): number {
  const text = header
    .subarray(at, at + length)
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim();
  if (!/^[0-7]{1,11}$/.test(text)) throw problem('rule.archive', { reason: 'header' });
  return Number.parseInt(text, 8);
}

function sumFits(header: Buffer): boolean {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return octalAt(header, 148, 8) === sum;
}
