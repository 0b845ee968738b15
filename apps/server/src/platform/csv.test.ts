import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  csvLine,
  plainCell,
  detectEncoding,
  readCsv,
  writeCsv,
  type CsvReadOptions,
  type CsvRow,
  type CsvValue,
} from './csv.ts';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wm-csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(bytes: string | Uint8Array): Promise<string> {
  const path = join(folder, String(count++));
  await writeFile(path, bytes);
  return path;
}

async function rowsOf(
  source: string | AsyncIterable<Uint8Array>,
  options?: CsvReadOptions,
): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  for await (const row of readCsv(source, options)) rows.push(row);
  return rows;
}

const read = async (text: string | Uint8Array, options?: CsvReadOptions) => rowsOf(await file(text), options);
const records = (rows: CsvRow[]) => rows.map((row) => row.record);
const trickle = (bytes: Uint8Array, size = 1) =>
  Readable.from(
    (function* () {
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
    })(),
  );

async function written(columns: readonly string[], rows: readonly (readonly CsvValue[])[]): Promise<string> {
  let text = '';
  for await (const line of writeCsv(columns, rows)) text += line;
  return text;
}

// 类别,地点 / 井盖,中山路€ in GBK, with one four-byte character of GB 18030 (㐀)
const GBK = Buffer.from('c0e0b1f02cb5d8b5e30d0abeaeb8c72cd6d0c9bdc2b780 8139ee39'.replaceAll(' ', ''), 'hex');

describe('readCsv', () => {
  it('gives each row by its columns, with its line', async () => {
    expect(await read('id,text\r\n1,"a, ""b"""\r\n\r\n2,"two\nlines"\r\n3,x')).toEqual([
      { line: 2, record: { id: '1', text: 'a, "b"' }, fault: null },
      { line: 4, record: { id: '2', text: 'two\nlines' }, fault: null },
      { line: 6, record: { id: '3', text: 'x' }, fault: null },
    ]);
  });

  it.each([
    ['UTF-8', Buffer.from('类别,地点\n井盖,中山路\n')],
    ['UTF-8 with its mark', Buffer.from('\uFEFF类别,地点\n井盖,中山路\n')],
    ['GBK', Buffer.from('c0e0b1f02cb5d8b5e30abeaeb8c72cd6d0c9bdc2b70a', 'hex')],
    ['UTF-16 as Excel saves it', Buffer.from('\uFEFF类别,地点\n井盖,中山路\n', 'utf16le')],
    ['UTF-16 of the other order', Buffer.from('\uFEFF类别,地点\n井盖,中山路\n', 'utf16le').swap16()],
  ])('reads %s, packed or not, as file or byte by byte', async (_, bytes) => {
    const expected = [{ 类别: '井盖', 地点: '中山路' }];
    for (const form of [bytes, gzipSync(bytes)]) {
      expect(records(await read(form))).toEqual(expected);
      expect(records(await rowsOf(trickle(form)))).toEqual(expected);
    }
  });

  it('finds GB 18030 by a byte far behind, and reads its four-byte characters', async () => {
    const text = Buffer.concat([
      Buffer.from(`a,b\n${'1,x\n'.repeat(60_000)}`),
      Buffer.from('2,', 'latin1'),
      Buffer.from([0x81, 0x39, 0xee, 0x39, 0xbe, 0xae]),
      Buffer.from('\n'),
    ]);
    const rows = await rowsOf(await file(text));
    expect(rows).toHaveLength(60_001);
    expect(rows.at(-1)!.record).toEqual({ a: '2', b: '㐀井' });
  });

  it('says so when the bytes are not what they are said to be', async () => {
    await expect(read(GBK, { encoding: 'utf-8' })).rejects.toMatchObject({
      code: 'csv.encoding',
      params: { encoding: 'utf-8' },
    });
    await expect(read(Buffer.from([0x61, 0x0a, 0xff, 0x0a]))).rejects.toMatchObject({ code: 'csv.encoding' });
  });

  it('goes on after a bad row, and names it', async () => {
    const rows = await read('id,text\n1,a\n2\n3,b,c\n4,"x"y\n5,a"b\n6,d\n');
    expect(rows.map(({ line, fault }) => [line, fault])).toEqual([
      [2, null],
      [3, 'csv.columns'],
      [4, 'csv.columns'],
      [5, null],
      [6, null],
      [7, null],
    ]);
    expect(rows.slice(3).map(({ record }) => record!['text'])).toEqual(['"x"y', 'a"b', 'd']);
  });

  it('names the line where a quote opens that never closes, or a row that never ends begins', async () => {
    const open = 'id,text\n1,a\n2,"open\n3,b\n';
    await expect(read(open)).rejects.toMatchObject({ code: 'csv.broken', params: { line: 3 } });
    const long = `id,text\n1,a\n2,${'x'.repeat(2 * 1024 * 1024)}\n3,b\n`;
    await expect(read(long)).rejects.toMatchObject({ code: 'csv.broken', params: { line: 3 } });
  });

  it.each([
    ['', 'id'],
    ['\n\n', 'id'],
    ['text\n1\n', 'id'],
    ['id,id\n1,2\n', 'id'],
    ['id,\n1,2\n', ''],
  ])('refuses the header of %j', async (text, columns) => {
    await expect(read(text, { required: ['id'] })).rejects.toMatchObject({
      code: 'csv.header',
      params: { columns },
    });
  });

  it('takes another delimiter', async () => {
    expect(records(await read('a;b\n1,5;2\n', { delimiter: ';' }))).toEqual([{ a: '1,5', b: '2' }]);
  });

  it('stops at a bomb, at broken gzip, and at a file that is not there', async () => {
    const bomb = gzipSync(`a\n${'x\n'.repeat(1_000_000)}`);
    expect(bomb.length).toBeLessThan(10_000);
    await expect(read(bomb, { maxBytes: 100_000 })).rejects.toMatchObject({ code: 'media.tooLarge' });
    const whole = gzipSync('a\n1\n2\n3\n');
    await expect(read(whole.subarray(0, -6))).rejects.toMatchObject({ code: 'csv.broken' });
    const bent = Buffer.from(whole);
    bent[12]! ^= 0xff;
    await expect(read(bent)).rejects.toMatchObject({ code: 'csv.broken' });
    await expect(rowsOf(join(folder, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('reads no more than is asked for', async () => {
    let produced = 0;
    const endless = Readable.from(
      (function* () {
        yield Buffer.from('a\n');
        for (;;) {
          produced += 1;
          yield Buffer.from('1\n'.repeat(1000));
        }
      })(),
    );
    let taken = 0;
    for await (const _ of readCsv(endless)) if (++taken === 10) break;
    expect(produced).toBeLessThan(500);
    await expect.poll(() => endless.destroyed).toBe(true);
  });

  it('passes a failing source on', async () => {
    const failing = Readable.from(
      (function* () {
        yield Buffer.from('a\n1\n');
        throw new Error('disk');
      })(),
    );
    await expect(rowsOf(failing)).rejects.toThrow('disk');
  });
});

describe('writeCsv', () => {
  it('writes what Excel reads', async () => {
    expect(
      await written(
        ['案卷号', 'n', 'ok', 'x'],
        [
          ['"a",b', 1.5, true, null],
          ['l1\nl2', -3, false, undefined],
        ],
      ),
    ).toBe('\uFEFF案卷号,n,ok,x\r\n"""a"",b",1.5,true,\r\n"l1\nl2",-3,false,\r\n');
  });

  it.each([
    '=1+1',
    '+cmd|x',
    '-2+3',
    '@SUM(A1)',
    '＝1',
    '＠x',
    '\t=1',
    '\r=1',
    '\n',
    ' =1',
    '\uFEFF=1',
    '\0=1',
  ])('takes the sting out of %j', (text) => {
    expect(csvLine([text]).replace(/^"/, '')).toMatch(/^'/);
  });

  it.each(['-12.5', '+3', 'a=1', '1-2', '中-山', '', '0'])('leaves %j alone', (text) => {
    expect(csvLine([text, 'x'])).toBe(`${text},x\r\n`);
  });

  it('is read back as it was, but for the apostrophes', async () => {
    const text = fc.string({ unit: 'binary' }).map((one) => one.toWellFormed());
    const table = fc.array(fc.tuple(text, text, text), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 50 }), async (rows, size) => {
        const bytes = Buffer.from(await written(['a', 'b', 'c'], rows));
        const back = await rowsOf(trickle(bytes, size));
        expect(back.map((row) => row.fault)).toEqual(rows.map(() => null));
        const values = back.map((row) => Object.values(row.record!));
        for (const [i, row] of rows.entries()) {
          for (const [j, value] of row.entries()) {
            expect([value, `'${value}`]).toContain(values[i]![j]);
            expect(plainCell(values[i]![j]!)).toBe(value);
          }
        }
        // Nothing that comes out begins like a formula.
        for (const value of values.flat()) expect(/^\s*[=@]/.test(value)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the encoding of a file', () => {
  const of = (bytes: Uint8Array, size = 7) => detectEncoding(trickle(bytes, size));
  const many = (row: string): string => row.repeat(40);

  it('is Windows-1252 where single high bytes stand among letters', async () => {
    expect(await of(Buffer.from(many('Straße;Müllablagerung;Königstraße 5\n'), 'latin1'))).toBe(
      'windows-1252',
    );
    expect(await of(Buffer.from(many('Nº;Dirección;Año\n'), 'latin1'))).toBe('windows-1252');
  });

  it('is GB 18030 where they stand in pairs, also with a few words of ASCII between', async () => {
    const text = Buffer.from('bfc9c4dcb5c4cecacce2a3ac4142432cc2b7b5c6', 'hex');
    expect(await of(Buffer.concat(Array.from({ length: 40 }, () => text)))).toBe('gb18030');
  });

  it('is UTF-8 still where a program has cut a character in two', async () => {
    const cut = Buffer.from('路灯不亮', 'utf8').subarray(0, 11);
    const bytes = Buffer.concat([
      Buffer.from(many('编号,问题描述\n')),
      cut,
      Buffer.from(many('\n编号,描述')),
    ]);
    expect(await of(bytes)).toBe('utf-8');
    await expect(read(bytes)).rejects.toMatchObject({ code: 'csv.encoding' });
  });

  it('is UTF-16 without a mark by its zero bytes', async () => {
    const le = Buffer.from(many('1,2024-03-05 08:00,路灯\n'), 'utf16le');
    expect(await of(le)).toBe('utf-16le');
    expect(await of(Buffer.from(le).swap16())).toBe('utf-16be');
  });
});
