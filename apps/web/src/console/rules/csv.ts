/** A row of a table as it stands in the file: what nobody changed is written back byte by byte. */
export interface Row {
  readonly cells: readonly string[];
  /** The text of the row with its line break, and of empty lines behind it. */
  readonly raw: string;
  /** Where it begins in the file; the header is line 1. */
  readonly line: number;
}

export interface Table {
  readonly header: Row;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly newline: string;
  readonly text: string;
}

/** Reads CSV (RFC 4180); null where a quote is never closed or there is no header. */
export function readTable(text: string): Table | null {
  const known = recent.get(text);
  if (known) return known;
  const records: Row[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const record = readRecord(text, at, line);
    if (!record) return null;
    const end = at + record.raw.length;
    line += breaksIn(record.raw);
    at = end;
    const blank = record.cells.length === 1 && record.cells[0] === '' && !record.raw.includes('"');
    const last = records.at(-1);
    if (!blank) records.push(record);
    else if (last) records[records.length - 1] = { ...last, raw: last.raw + record.raw };
    else return null;
  }
  const [header, ...rows] = records;
  if (!header) return null;
  const columns = header.cells.map((name, index) =>
    (index === 0 ? name.replace(/^\uFEFF/, '') : name).trim(),
  );
  return keep({ header, columns, rows, newline: header.raw.includes('\r\n') ? '\r\n' : '\n', text });
}

function readRecord(text: string, from: number, line: number): Row | null {
  const cells: string[] = [];
  let at = from;
  if (at === 0 && text.startsWith('\uFEFF')) at = 1;
  for (;;) {
    let cell = '';
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0) return null;
        cell += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at += 1;
      }
    }
    const rest = /[^,\r\n]*/y;
    rest.lastIndex = at;
    const more = rest.exec(text)![0];
    cell += more;
    at += more.length;
    cells.push(cell);
    if (text[at] === ',') {
      at += 1;
      continue;
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    return { cells, raw: text.slice(from, at), line };
  }
}

const breaksIn = (text: string): number => text.split(/\r\n|\r|\n/).length - 1;

/** The few texts that are open are read once, however often they are drawn. */
const recent = new Map<string, Table>();

function keep(table: Table): Table {
  if (recent.size >= 8) recent.delete(recent.keys().next().value!);
  recent.set(table.text, table);
  return table;
}

function written(cells: readonly string[], newline: string): string {
  return (
    cells
      .map((cell) => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
      .join(',') + newline
  );
}

function withRows(table: Table, rows: readonly Row[]): Table {
  let line = 1 + breaksIn(table.header.raw);
  const placed = rows.map((row) => {
    const now = row.line === line ? row : { ...row, line };
    line += breaksIn(row.raw);
    return now;
  });
  const head = table.header.raw.endsWith('\n') ? table.header.raw : table.header.raw + table.newline;
  return keep({ ...table, rows: placed, text: head + placed.map((row) => row.raw).join('') });
}

/** The last row may lack its line break: it gets one as soon as another follows. */
function closed(table: Table): Row[] {
  const rows = [...table.rows];
  const last = rows.at(-1);
  if (last && !/[\r\n]$/.test(last.raw)) rows[rows.length - 1] = { ...last, raw: last.raw + table.newline };
  return rows;
}

export function setCell(table: Table, row: number, column: number, value: string): Table {
  const old = table.rows[row];
  if (!old || (old.cells[column] ?? '') === value) return table;
  // A row that is too short grows up to the cell.
  const cells = Array.from({ length: Math.max(old.cells.length, column + 1) }, (_, index) =>
    index === column ? value : (old.cells[index] ?? ''),
  );
  const rows = [...table.rows];
  const ending = /(?:\r\n|\r|\n)*$/.exec(old.raw)![0];
  rows[row] = { ...old, cells, raw: written(cells, '') + ending };
  return withRows(table, rows);
}

export function insertRow(table: Table, at: number, cells?: readonly string[]): Table {
  const fresh = cells ?? table.columns.map(() => '');
  const rows = closed(table);
  rows.splice(at, 0, { cells: fresh, raw: written(fresh, table.newline), line: 0 });
  return withRows(table, rows);
}

export function removeRow(table: Table, at: number): Table {
  return withRows(
    table,
    table.rows.filter((_, index) => index !== at),
  );
}
