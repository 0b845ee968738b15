import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { openWorkbook, type SheetRow, type WorkbookLimits } from './xlsx-read.ts';
import { writeWorkbook } from './xlsx-write.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'wanmi-xlsx-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function put(bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, `${(files += 1)}.xlsx`);
  await writeFile(file, bytes);
  return file;
}

const RELATIONS = (sheets: number): string =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${Array.from(
    { length: sheets },
    (_, at) => `<Relationship Id="r${at}" Type="x/worksheet" Target="worksheets/s${at}.xml"/>`,
  ).join('')}</Relationships>`;
const BOOK = (sheets: number, more = ''): string =>
  `<workbook xmlns="m" xmlns:r="o">${more}<sheets>${Array.from(
    { length: sheets },
    (_, at) => `<sheet name="S${at}" sheetId="${at}" r:id="r${at}"/>`,
  ).join('')}</sheets></workbook>`;

/** A workbook out of parts, as another program may have written it. */
function book(parts: Record<string, string>, bookXml?: string): Promise<Buffer> {
  const zip = new ZipFile();
  const sheets = Object.keys(parts).filter((name) => name.startsWith('xl/worksheets/')).length;
  const all = {
    'xl/workbook.xml': bookXml ?? BOOK(sheets),
    'xl/_rels/workbook.xml.rels': RELATIONS(sheets),
    ...parts,
  };
  for (const [name, text] of Object.entries(all)) zip.addBuffer(Buffer.from(text), name);
  zip.end();
  return buffer(zip.outputStream);
}
const sheet = (rows: string): string => `<worksheet><sheetData>${rows}</sheetData></worksheet>`;

async function read(bytes: Uint8Array, limits: Partial<WorkbookLimits> = {}): Promise<SheetRow[]> {
  const opened = await openWorkbook(await put(bytes), limits);
  try {
    const rows: SheetRow[] = [];
    for (const at of opened.sheets.keys()) for await (const row of opened.rows(at)) rows.push(row);
    return rows;
  } finally {
    opened.close();
  }
}
const cells = async (
  rows: string,
  parts: Record<string, string> = {},
  bookXml?: string,
): Promise<readonly string[][]> =>
  (await read(await book({ 'xl/worksheets/s0.xml': sheet(rows), ...parts }, bookXml))).map((row) => [
    ...row.cells,
  ]);

describe('values', () => {
  it('are those that are shown: shared, inline, results of formulas, truth, errors; holes are empty', async () => {
    const shared =
      '<sst><si><t>甲</t></si><si><r><t>乙</t></r><r><t xml:space="preserve"> 丙</t></r><rPh><t>yi</t></rPh></si></sst>';
    expect(
      await cells(
        '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c><c r="D2" t="inlineStr"><is><t>a_x000D_b &amp; c</t></is></c>' +
          '<c r="E2" t="str"><f>CONCAT("x")</f><v>x</v></c><c r="F2" t="b"><v>1</v></c><c r="G2" t="e"><v>#N/A</v></c><c r="H2"><f>1+1</f><v>2</v></c></row>',
        { 'xl/sharedStrings.xml': shared },
      ),
    ).toEqual([['甲', '', '乙 丙', 'a\rb & c', 'x', 'true', '#N/A', '2']]);
  });

  it('of numbers have fifteen digits and no exponent; what Excel has lost is marked', async () => {
    const rows = await read(
      await book({
        'xl/worksheets/s0.xml': sheet(
          '<row r="1"><c r="A1"><v>0.30000000000000004</v></c><c r="B1"><v>1E-7</v></c><c r="C1"><v>4.2010101010100000E+15</v></c><c r="D1"><v>42</v></c></row>',
        ),
      }),
    );
    expect(rows[0]!.cells).toEqual(['0.3', '0.0000001', '4201010101010000', '42']);
    expect([...rows[0]!.imprecise]).toEqual([2]);
  });

  it('of dates are ISO, in both calendars', async () => {
    const styles =
      '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/><numFmt numFmtId="171" formatCode="[Red]0.0&quot;m&quot;"/></numFmts>' +
      '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/></cellXfs></styleSheet>';
    const row =
      '<row r="1"><c r="A1" s="1"><v>45292</v></c><c r="B1" s="2"><v>45292.5</v></c><c r="C1" s="3"><v>5</v></c><c r="D1" s="0"><v>45292</v></c><c r="E1" s="1"><v>1</v></c></row>';
    expect(await cells(row, { 'xl/styles.xml': styles })).toEqual([
      ['2024-01-01', '2024-01-01T12:00:00', '5', '45292', '1900-01-01'],
    ]);
    const since1904 = BOOK(1, '<workbookPr date1904="1"/>');
    expect((await cells(row, { 'xl/styles.xml': styles }, since1904))[0]![0]).toBe('2028-01-02');
  });

  it('come out of what was written, whatever they are', async () => {
    const text = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .filter((one) => one.trim() !== '' && !/_x[0-9a-f]{4}_/i.test(one));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(text, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
        async (rows) => {
          const found = await read(await writeWorkbook([{ name: '表', rows }]));
          expect(found.map((row) => row.cells)).toEqual(rows);
        },
      ),
      { numRuns: 30, seed: 7 },
    );
  });
});

describe('what is refused', () => {
  const row = '<row r="1"><c r="A1"><v>1</v></c></row>';
  const code = async (bytes: Uint8Array, limits?: Partial<WorkbookLimits>): Promise<unknown> =>
    read(bytes, limits).then(
      () => 'read',
      (error: { code?: unknown }) => error.code,
    );

  it('macros, passwords, other files', async () => {
    expect(await code(await book({ 'xl/worksheets/s0.xml': sheet(row), 'xl/vbaProject.bin': 'x' }))).toBe(
      'table.macro',
    );
    expect(await code(Buffer.from('d0cf11e0a1b11ae1', 'hex'))).toBe('table.oldExcel');
    expect(await code(Buffer.from('PK\u0003\u0004 and nothing'))).toBe('table.broken');
    expect(await code(await book({ 'word/document.xml': '<x/>' }))).toBe('table.broken');
  });

  it('bombs: by what they declare, by their number of parts, by what they hold in truth', async () => {
    const zeros = await book({ 'xl/worksheets/s0.xml': sheet(row + ' '.repeat(3_000_000)) });
    expect(zeros.length).toBeLessThan(20_000);
    expect(await code(zeros, { unpackedBytes: 1_000_000 })).toBe('table.bomb');
    const parts = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`xl/media/${at}`, 'x']));
    expect(await code(await book({ 'xl/worksheets/s0.xml': sheet(row), ...parts }), { entries: 20 })).toBe(
      'table.bomb',
    );
    // The central directory says 100 bytes where three million come out.
    const lying = Buffer.from(zeros);
    const at = lying.lastIndexOf(Buffer.from('xl/worksheets/s0.xml'));
    lying.writeUInt32LE(100, at - 46 + 24);
    expect(await code(lying, { unpackedBytes: 1_000_000 })).toBe('table.broken');
  });

  it('endless texts and shared texts beyond memory', async () => {
    const long = `<row r="1"><c r="A1" t="inlineStr"><is><t>${'x'.repeat(200_000)}</t></is></c></row>`;
    expect(await code(await book({ 'xl/worksheets/s0.xml': sheet(long) }))).toBe('table.bomb');
    const shared = {
      'xl/worksheets/s0.xml': sheet(row),
      'xl/sharedStrings.xml': `<sst>${'<si><t>x</t></si>'.repeat(10_000)}</sst>`,
    };
    expect(await code(await book(shared), { sharedBytes: 100_000 })).toBe('table.bomb');
  });

  it('entities of its own, broken XML, columns without end, texts that are not there', async () => {
    const dtd = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>';
    expect(await code(await book({ 'xl/worksheets/s0.xml': dtd + sheet(row) }))).toBe('table.broken');
    expect(await code(await book({ 'xl/worksheets/s0.xml': '<worksheet><sheetData><row>' }))).toBe(
      'table.broken',
    );
    expect(
      await code(await book({ 'xl/worksheets/s0.xml': sheet('<row r="1"><c r="ZZZ1"><v>1</v></c></row>') })),
    ).toBe('table.broken');
    expect(
      await code(await book({ 'xl/worksheets/s0.xml': sheet('<row r="1"><c r="ZZ1"><v>1</v></c></row>') })),
    ).toBe('table.columns');
    expect(
      await code(
        await book({ 'xl/worksheets/s0.xml': sheet('<row r="1"><c r="A1" t="s"><v>9</v></c></row>') }),
      ),
    ).toBe('table.broken');
  });

  it('files that are broken anywhere: never a fault of ours', async () => {
    const whole = await writeWorkbook([
      {
        name: '表',
        rows: [
          ['编码', '名称'],
          ['1', '甲'],
        ],
      },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        expect(String(await code(bytes))).toMatch(/^(read|table\.\w+)$/);
      }),
      { numRuns: 150, seed: 11 },
    );
  });
});
