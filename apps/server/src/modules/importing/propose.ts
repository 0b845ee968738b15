import type { Column } from './column.ts';
import type { FileHints, SourceFile } from './file.ts';
import { onTimeOf, sourceOf, statusOf, zoneAt } from './guess.ts';
import { positionOf } from './locate.ts';
import type { Mapping } from './mapping.ts';
import { DATES, type Field } from './roles.ts';

export function propose(
  file: SourceFile,
  hints: FileHints & { timeZone?: string | undefined },
  columns: readonly Column[],
  roles: ReadonlyMap<Field, Column>,
  points: readonly { lon: string; lat: string }[],
  closing: { status: readonly string[]; closed: readonly boolean[] },
  whole: boolean,
  unsure: string[],
): Mapping {
  const stem = file.name.replace(/\.gz$/i, '').replace(/\.(csv|tsv|txt)$/i, '');
  const slug = stem
    .normalize('NFKC')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);
  const register = slug === '' ? `register-${file.sha256.slice(0, 6)}` : slug;
  const formats: string[] = [];
  const empty = new Set<string>();
  for (const [field, column] of roles) {
    if (!DATES.has(field)) continue;
    for (const format of column.dateFormats) if (!formats.includes(format)) formats.push(format);
    for (const [value, n] of column.sentinels) {
      empty.add(value);
      unsure.push(`"${value}" stands ${n} times in "${column.name}": taken as no date`);
    }
    if (column.dayMonth === 'ambiguous')
      unsure.push(
        `"${column.name}": day and month cannot be told apart in any cell; read as ${column.dateFormats[0]}`,
      );
    if (column.dayMonth === 'mixed')
      unsure.push(
        `"${column.name}": in ${column.dayFirst} cells only the day can come first, in ${column.monthFirst} only the month; the other ${column.eitherOrder} are read as ${column.dateFormats[0]} and marked date.ambiguous`,
      );
    if (column.dateFormats.length > 1 && column.dayMonth !== 'mixed')
      unsure.push(
        `"${column.name}" has dates in ${column.dateFormats.length} formats: ${column.dateFormats.join(', ')}`,
      );
  }
  if (!roles.has('id'))
    unsure.push(
      'no column holds a number of its own for each row: rows that are the same in all columns count as the same request',
    );
  if (!roles.has('reportedAt'))
    unsure.push('no column of dates was found: say in fields.reportedAt when a request was reported');

  const fields: Record<string, unknown> = {};
  for (const [field, column] of roles) fields[field] = column.name;
  if (!roles.has('id')) fields['id'] = { hash: 'row' };
  if (!roles.has('reportedAt')) fields['reportedAt'] = columns[0]?.name ?? 'column 1';
  const words = (field: Field): [string, number][] =>
    [...(roles.get(field)?.values ?? [])]
      .map(([word, n]): [string, number] => [word.replaceAll(/\s+/g, ' '), n])
      .sort((a, b) => b[1] - a[1]);
  const values: NonNullable<Mapping['values']> = {};
  if (roles.has('status'))
    values.status = { map: statusMap(words('status'), closing, unsure), otherwise: 'byDate' };
  if (roles.has('onTime')) {
    const column = roles.get('onTime')!;
    const map = Object.fromEntries(words('onTime').map(([word]) => [word, onTimeOf(word, column.name)]));
    for (const [word, said] of Object.entries(map))
      if (said === null) unsure.push(`onTime: nobody knows what "${word}" means`);
    values.onTime = { map };
  }
  if (roles.has('source')) {
    const map = Object.fromEntries(
      words('source').map(([word]) => {
        const known = sourceOf(word);
        if (known === null) unsure.push(`source: "${word}" is no known channel; taken as otherPlatform`);
        return [word, known ?? ('otherPlatform' as const)];
      }),
    );
    values.source = { map, otherwise: 'otherPlatform' };
  }
  if (roles.has('agency')) values.agency = { map: {}, otherwise: 'create' };
  if (roles.has('type')) values.type = { map: {}, otherwise: 'create' };
  for (const name of ['reporterName', 'reporterPhone'] as const) {
    if (roles.has(name))
      unsure.push(
        `"${roles.get(name)!.name}" looks like personal data: it is kept apart and masked; take the field out of the mapping to leave it behind`,
      );
  }
  const located = positionOf(roles, points, unsure);
  const timeZone =
    hints.timeZone ??
    (located.centre
      ? zoneAt(...located.centre)
      : [...roles.values()].some(({ name }) => /\p{sc=Han}/u.test(name))
        ? 'Asia/Shanghai'
        : 'UTC');
  if (!hints.timeZone) unsure.push(`time zone: ${timeZone} is a guess`);
  unsure.push(`the city ${register.toUpperCase()} would be set up where --city names no other`);
  const expect: Record<string, string> = {};
  for (const column of columns) {
    const [shape, n] = [...column.shapes].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
    if (
      whole &&
      column.filled > 50 &&
      n === column.filled &&
      /9{4}/.test(shape) &&
      column.values.size > 20 &&
      !column.isDate &&
      Object.keys(expect).length < 8
    ) {
      expect[column.name] =
        `^${shape.replaceAll(/[$()*+.?[\\\]^{|}/]/g, String.raw`\$&`).replaceAll(/9+/g, (run) => String.raw`\d{${run.length}}`)}$`;
    }
  }
  return {
    format: 'wanmi-import/1',
    kind: 'case',
    notes: unsure,
    register,
    city: { code: register.toUpperCase().slice(0, 40), name: { 'zh-CN': stem, en: stem }, timeZone },
    timeZone,
    file: { encoding: file.encoding, delimiter: file.delimiter, headingRow: file.headingRow },
    dateFormats: formats.length > 0 ? formats : ['iso'],
    ...(empty.size > 0 ? { empty: [...empty] } : {}),
    fields: fields as Mapping['fields'],
    ...(Object.keys(values).length > 0 ? { values } : {}),
    ...(located.position ? { position: located.position } : {}),
    ...(Object.keys(expect).length > 0 ? { expect } : {}),
  };
}

function statusMap(
  words: readonly [string, number][],
  { status, closed }: { status: readonly string[]; closed: readonly boolean[] },
  unsure: string[],
): NonNullable<NonNullable<Mapping['values']>['status']>['map'] {
  const dated = new Map<string, number>();
  for (const [i, word] of status.entries()) if (closed[i]) dated.set(word, (dated.get(word) ?? 0) + 1);
  return Object.fromEntries(
    words.map(([word, n]) => {
      const share = (dated.get(word) ?? 0) / n;
      const known = statusOf(word);
      if (known === null)
        unsure.push(
          `status: "${word}" is not known; ${Math.round(share * 100)} % of its rows have a closing date, so it is taken as ${share >= 0.5 ? 'closed' : 'open'}`,
        );
      else if (known === 'closed' && dated.size > 0 && share < 1)
        unsure.push(
          `status: ${n - (dated.get(word) ?? 0)} rows are "${word}" without a closing date: they will be rejected (doubts.closedWithoutDate)`,
        );
      else if (known === 'open' && share > 0)
        unsure.push(
          `status: ${dated.get(word)} rows are "${word}" with a closing date: taken as open (doubts.openWithDate)`,
        );
      return [word, known ?? (share >= 0.5 ? 'closed' : 'open')] as const;
    }),
  );
}
