import {
  TRANSFER_COLUMNS,
  TRANSFER_KIND_NAMES,
  type TransferColumn,
  type TransferKind,
} from '@wanmi/contracts';
import { csvLine } from '#platform/csv';
import { writeWorkbook } from '#platform/xlsx-write';

export const TEMPLATE_FORMATS = ['xlsx', 'csv'] as const;
export type TemplateFormat = (typeof TEMPLATE_FORMATS)[number];

/**
 * An empty table of a kind: Chinese names above, keys below, what each column takes on a second sheet. Reading knows
 * both rows, in either language.
 */
export async function templateOf(kind: TransferKind, format: TemplateFormat): Promise<Buffer> {
  const columns = TRANSFER_COLUMNS[kind];
  const names = columns.map(({ name, required }) => `${name['zh-CN']}${required ? '*' : ''}`);
  const keys = columns.map(({ key }) => key);
  if (format === 'csv') return Buffer.from(`\uFEFF${csvLine(names)}${csvLine(keys)}`, 'utf8');
  const choices = columns.flatMap(({ choices: offered }, at): [number, string[]][] => {
    const words = Object.values(offered ?? {}).map((name) => name['zh-CN']);
    // Excel takes 255 characters of them.
    return words.length > 0 && words.join(',').length <= 255 ? [[at, words]] : [];
  });
  return writeWorkbook([
    {
      name: TRANSFER_KIND_NAMES[kind]['zh-CN'],
      rows: [names, keys],
      head: 2,
      widths: columns.map(({ name }) => Math.max(14, name['zh-CN'].length * 2 + 4)),
      choices: new Map(choices),
    },
    {
      name: '说明 Notes',
      rows: [['列 Column', 'Key', '必填 Required', '说明 Note', '取值 Values'], ...columns.map(noteOf)],
      head: 1,
      widths: [28, 14, 14, 60, 60],
    },
  ]);
}

const noteOf = ({ key, name, required, note, choices }: TransferColumn): string[] => [
  `${name['zh-CN']} ${name.en}`,
  key,
  required ? '是 yes' : '',
  note.en === '' ? '' : `${note['zh-CN']} · ${note.en}`,
  Object.entries(choices ?? {})
    .map(([code, word]) => `${word['zh-CN']} = ${code}`)
    .join('；'),
];

export const templateName = (kind: TransferKind, format: TemplateFormat): string => `wanmi-${kind}.${format}`;
