import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '#platform/errors';
import { packArchive, unpackArchive } from './archive.ts';
import { hashOfSet, sorted } from './rule-set.ts';

const files = sorted([
  ['process/case.bpmn', '<a/>'],
  ['catalog/condition.csv', '\uFEFFcode,名称\r\nA,井盖\r\n'],
  ['setting.json', ''],
]);

const reason = (packed: Uint8Array): unknown => {
  try {
    return unpackArchive(packed);
  } catch (error) {
    return error instanceof Problem ? (error.params['reason'] ?? error.code) : error;
  }
};

/** The archive with its first header changed, checksum and all. */
function forged(change: (header: Buffer) => void): Buffer {
  const tar = gunzipSync(packArchive(files));
  const header = tar.subarray(0, 512);
  change(header);
  header.write(' '.repeat(8), 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return gzipSync(tar);
}
const named = (name: string): Buffer =>
  forged((header) => {
    header.fill(0, 0, 100);
    header.write(name, 0, 'utf8');
  });

describe('an archive', () => {
  it('gives back every byte, and is the same for the same rules', () => {
    expect([...unpackArchive(packArchive(files))]).toEqual([...files]);
    const otherOrder = new Map([...files].reverse());
    expect(packArchive(otherOrder)).toEqual(packArchive(files));
    expect(hashOfSet(otherOrder)).toBe(hashOfSet(files));
  });

  it('holds any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3000 }), (text) => {
        const set = sorted([['phrase/file.json', text.toWellFormed()]]);
        expect([...unpackArchive(packArchive(set))]).toEqual([...set]);
      }),
    );
  });

  it('is refused where a path leads out of it, means nothing or comes twice', () => {
    for (const path of [
      '../case.bpmn',
      '/etc/passwd',
      'process/../x.bpmn',
      'process\\case.bpmn',
      'a.exe',
      '',
    ]) {
      expect(reason(named(path)), path).toBe('path');
    }
    expect(reason(named('process/case.bpmn'))).toBe('twice');
    expect(reason(named('./process/case.bpmn'))).toBe('twice');
  });

  it('is refused where it holds links, is cut, broken, empty, or larger than rules can be', () => {
    expect(reason(forged((header) => header.write('2', 156)))).toBe('type');
    expect(reason(forged((header) => header.write('77777777777', 124)))).toBe('cut');
    expect(reason(gzipSync(gunzipSync(packArchive(files)).subarray(0, 700)))).toBe('cut');
    const tar = gunzipSync(packArchive(files));
    tar[3] = 0x7a;
    expect(reason(gzipSync(tar))).toBe('header');
    expect(reason(Buffer.from('PK'))).toBe('gzip');
    expect(reason(gzipSync(Buffer.alloc(1024)))).toBe('empty');
    expect(reason(gzipSync(Buffer.alloc(80 * 1024 * 1024)))).toBe('size');
    expect(reason(Buffer.alloc(20 * 1024 * 1024))).toBe('media.tooLarge');
  });

  it('is refused where a text is not UTF-8', () => {
    const tar = gunzipSync(packArchive(sorted([['setting.json', 'aa']])));
    tar[512] = 0xff;
    expect(reason(gzipSync(tar))).toBe('encoding');
  });

  it('leaves readme files out, as tar makes them of a folder', () => {
    const set = unpackArchive(named('process/README.md'));
    expect([...set.keys()]).toEqual(['process/case.bpmn', 'setting.json']);
  });
});
