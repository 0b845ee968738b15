import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

export interface SheetPlan {
  readonly name: string;
  readonly rows: readonly (readonly string[])[];
  /** Rows that stay in sight; the first of them is bold, the others are grey. */
  readonly head?: number;
  readonly widths?: readonly number[];
  /** Values that a column offers, by its index. */
  readonly choices?: ReadonlyMap<number, readonly string[]>;
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';

/** A small workbook (.xlsx) of texts: a form to be filled in. All cells are text, so that codes keep their zeros. */
export async function writeWorkbook(sheets: readonly SheetPlan[]): Promise<Buffer> {
  const zip = new ZipFile();
  // The same sheets give the same bytes.
  const mtime = new Date(Date.UTC(2020, 0, 1));
  const add = (path: string, text: string): void =>
    zip.addBuffer(Buffer.from(XML + text), path, { mtime, forceDosTimestamp: true });
  add('[Content_Types].xml', contentTypes(sheets.length));
  add('_rels/.rels', relations([[`${OFFICE}/officeDocument`, 'xl/workbook.xml']]));
  add(
    'xl/workbook.xml',
    `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${sheets
      .map(({ name }, at) => `<sheet name="${escaped(name)}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`)
      .join('')}</sheets></workbook>`,
  );
  add(
    'xl/_rels/workbook.xml.rels',
    relations([
      ...sheets.map((_, at): [string, string] => [`${OFFICE}/worksheet`, `worksheets/sheet${at + 1}.xml`]),
      [`${OFFICE}/styles`, 'styles.xml'],
    ]),
  );
  add('xl/styles.xml', STYLES);
  for (const [at, sheet] of sheets.entries()) add(`xl/worksheets/sheet${at + 1}.xml`, sheetXml(sheet));
  zip.end();
  return buffer(zip.outputStream);
}

const contentTypes = (sheets: number): string =>
  `<Types xmlns="${PACKAGE}/content-types">` +
  '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
  '<Default Extension="xml" ContentType="application/xml"/>' +
  override('/xl/workbook.xml', 'sheet.main') +
  override('/xl/styles.xml', 'styles') +
  Array.from({ length: sheets }, (_, at) => override(`/xl/worksheets/sheet${at + 1}.xml`, 'worksheet')).join(
    '',
  ) +
  '</Types>';

const override = (path: string, kind: string): string =>
  `<Override PartName="${path}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${kind}+xml"/>`;

const relations = (targets: readonly (readonly [type: string, target: string])[]): string =>
  `<Relationships xmlns="${PACKAGE}/relationships">${targets
    .map(([type, target], at) => `<Relationship Id="rId${at + 1}" Type="${type}" Target="${target}"/>`)
    .join('')}</Relationships>`;

// Cell formats: 0 plain text, 1 bold on grey, 2 small and grey. 49 is `@`: text, whatever is typed.
const STYLES =
  `<styleSheet xmlns="${MAIN}"><fonts count="3"><font><sz val="11"/></font><font><b/><sz val="11"/></font>` +
  '<font><sz val="9"/><color rgb="FF808080"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill>' +
  '<fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFE8ECF2"/></patternFill></fill></fills>' +
  '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3">' +
  '<xf numFmtId="49" fontId="0" fillId="0" applyNumberFormat="1"/>' +
  '<xf numFmtId="49" fontId="1" fillId="2" applyNumberFormat="1" applyFont="1" applyFill="1"/>' +
  '<xf numFmtId="49" fontId="2" fillId="0" applyNumberFormat="1" applyFont="1"/></cellXfs></styleSheet>';

function sheetXml({ rows, head = 0, widths = [], choices = new Map() }: SheetPlan): string {
  const columns = Math.max(widths.length, ...rows.map((row) => row.length), 1);
  const cols = Array.from(
    { length: columns },
    (_, at) => `<col min="${at + 1}" max="${at + 1}" width="${widths[at] ?? 16}" style="0" customWidth="1"/>`,
  ).join('');
  const data = rows
    .map((row, line) => {
      const style = line >= head ? 0 : line === 0 ? 1 : 2;
      return `<row r="${line + 1}">${row
        .map((text, at) =>
          text === ''
            ? ''
            : `<c r="${letterOf(at)}${line + 1}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`,
        )
        .join('')}</row>`;
    })
    .join('');
  const pane = head
    ? `<sheetViews><sheetView workbookViewId="0"><pane ySplit="${head}" topLeftCell="A${head + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`
    : '';
  const offers = [...choices]
    .map(([at, values]) => {
      const column = letterOf(at);
      return `<dataValidation type="list" allowBlank="1" showErrorMessage="0" sqref="${column}${head + 1}:${column}100000"><formula1>"${escaped(values.join(','))}"</formula1></dataValidation>`;
    })
    .join('');
  const validations = choices.size
    ? `<dataValidations count="${choices.size}">${offers}</dataValidations>`
    : '';
  return `<worksheet xmlns="${MAIN}">${pane}<cols>${cols}</cols><sheetData>${data}</sheetData>${validations}</worksheet>`;
}

function letterOf(column: number): string {
  const rest = Math.floor(column / 26);
  return (rest > 0 ? letterOf(rest - 1) : '') + String.fromCharCode(65 + (column % 26));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"]/g, (sign) => ENTITIES[sign]!);
}
