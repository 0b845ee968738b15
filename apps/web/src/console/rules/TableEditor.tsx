import { useVirtualizer } from '@tanstack/react-virtual';
import {
  useDeferredValue,
  useEffect,
  useEffectEvent,
  useId,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
} from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../shared/states/states.tsx';
import { CellInput } from './CellInput.tsx';
import { columnSpec, usualColumns } from './columns.ts';
import { insertRow, readTable, removeRow, setCell, type Table } from './csv.ts';
import type { EditorProps } from './Editor.tsx';
import { useLookUps } from './lookUps.ts';
import { useColumnName } from './names.ts';
import { RowForm } from './RowForm.tsx';
import styles from './rules.module.css';
import { readBefore, rowBefore } from './tableBefore.ts';
import { TableFoot } from './TableFoot.tsx';
import { useRowProblems, type CellProblem } from './tableProblems.ts';
import { TableRow, type ShownColumn } from './TableRow.tsx';
import { TableTools, type Which } from './TableTools.tsx';

const ROW = 34;
const NUMBER = 52;
const PAGE = 12;

interface Cursor {
  /** In the table, whatever is filtered. */
  row: number;
  column: number;
}

/** A table of the rules: search, keyboard, cells typed in place; what the check and the difference say at the cell. */
export function TableEditor({
  code,
  draft,
  text,
  saved,
  before,
  problems,
  at,
  onChange,
  onUnreadable,
}: EditorProps) {
  const { t, i18n } = useTranslation('rules');
  const columnName = useColumnName();
  const id = useId();
  const table = useMemo(() => readTable(text), [text]);
  const lookUps = useLookUps(draft, code, table);
  const [words, setWords] = useState('');
  const [only, setOnly] = useState<Which>('all');
  const [every, setEvery] = useState(false);
  const [cursor, setCursor] = useState<Cursor>(() => ({
    row: 0,
    column: table ? (usualColumns(code, table.columns, i18n.language)[0] ?? 0) : 0,
  }));
  const [typed, setTyped] = useState<string | null>(null);
  const [form, setForm] = useState(false);
  const grid = useRef<HTMLDivElement>(null);
  const needle = useDeferredValue(words.trim().toLowerCase());

  const unreadable = useEffectEvent(onUnreadable);
  useEffect(() => {
    if (!table) unreadable();
  }, [table]);

  const was = useMemo(() => readBefore(code, before), [code, before]);
  const wrong = useRowProblems(problems, saved);

  const shown = useMemo(() => {
    if (!table) return [];
    return table.rows.flatMap((row, index) => {
      if (only === 'wrong' && !wrong.has(row.raw)) return [];
      if (only === 'changed' && was && was.raws.has(row.raw)) return [];
      if (!needle) return [index];
      const hit = row.cells.some(
        (cell, column) =>
          cell.toLowerCase().includes(needle) ||
          lookUps.label(row.cells, column).toLowerCase().includes(needle),
      );
      return hit ? [index] : [];
    });
  }, [table, needle, only, wrong, was, lookUps]);

  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => grid.current,
    estimateSize: () => ROW,
    overscan: 10,
    scrollPaddingStart: ROW,
  });

  const jump = useEffectEvent((place: string) => {
    const [line = '', column] = place.split('/');
    const raw = readTable(saved)?.rows.find((row) => row.line === Number(line))?.raw;
    const row = table?.rows.findIndex((one) => one.raw === raw) ?? -1;
    if (!table || row < 0) return;
    const to = Math.max(0, table.columns.indexOf(column ?? ''));
    if (!usualColumns(code, table.columns, i18n.language).includes(to)) setEvery(true);
    setWords('');
    setOnly('all');
    setCursor({ row, column: to });
    requestAnimationFrame(() => {
      virtual.scrollToIndex(row, { align: 'center' });
      grid.current?.focus();
    });
  });
  useEffect(() => {
    if (at) jump(at);
  }, [at]);

  if (!table) return null;
  const usual = usualColumns(code, table.columns, i18n.language);
  const columns = (every ? [...table.columns.keys()] : usual).map((index): ShownColumn => {
    const name = table.columns[index]!;
    return { index, name, spec: columnSpec(code, name) };
  });
  // A table that is narrower than its frame is stretched, the longer columns more.
  const template = `${NUMBER}px ${columns.map(({ spec }) => `minmax(${spec.width}px, ${spec.width}fr)`).join(' ')}`;
  const width = `max(100%, ${NUMBER + widthOf(columns)}px)`;
  const current = table.rows[cursor.row];
  const cellId = (row: number, column: number) => `${id}-${row}-${column}`;

  function set(next: Table) {
    if (next.text !== table!.text) onChange?.(next.text);
  }

  function move(rows: number, places: number) {
    const at_ = Math.max(0, shown.indexOf(cursor.row));
    const to = Math.min(shown.length - 1, Math.max(0, at_ + rows));
    const now = columns.findIndex(({ index }) => index === cursor.column);
    const place = Math.min(columns.length - 1, Math.max(0, now + places));
    if (shown[to] === undefined) return;
    setCursor({ row: shown[to], column: columns[place]!.index });
    virtual.scrollToIndex(to, { align: 'auto' });
    reveal(place);
  }

  /** Sideways the browser scrolls: the cell must not hide behind the columns that stand still. */
  function reveal(place: number) {
    const box = grid.current;
    if (!box) return;
    const still = NUMBER + columns[0]!.spec.width;
    const left = NUMBER + widthOf(columns.slice(0, place));
    const right = left + columns[place]!.spec.width;
    if (place > 0 && left - still < box.scrollLeft) box.scrollLeft = left - still;
    else if (right > box.scrollLeft + box.clientWidth) box.scrollLeft = right - box.clientWidth;
  }

  function begin(value?: string) {
    if (!onChange || !current) return;
    const spec = columnSpec(code, table!.columns[cursor.column]!);
    const now = current.cells[cursor.column] ?? '';
    if (spec.kind === 'flag')
      set(setCell(table!, cursor.row, cursor.column, now === 'true' ? 'false' : 'true'));
    else setTyped(value ?? now);
  }

  function commit(value: string, then: 'stay' | 'down' | 'right' | 'left') {
    setTyped(null);
    set(setCell(table!, cursor.row, cursor.column, value.trim()));
    if (then === 'down') move(1, 0);
    if (then === 'right') move(0, 1);
    if (then === 'left') move(0, -1);
    grid.current?.focus();
  }

  function add(copy: boolean) {
    if (!onChange) return;
    const to = current ? cursor.row + 1 : table!.rows.length;
    set(insertRow(table!, to, copy && current ? current.cells : undefined));
    setWords('');
    setOnly('all');
    setCursor({ row: to, column: columns[0]!.index });
    requestAnimationFrame(() => {
      virtual.scrollToIndex(to, { align: 'auto' });
      grid.current?.focus();
    });
  }

  function remove() {
    if (!onChange || !current) return;
    set(removeRow(table!, cursor.row));
    setCursor({ ...cursor, row: Math.max(0, Math.min(cursor.row, table!.rows.length - 2)) });
    grid.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (typed !== null || event.nativeEvent.isComposing) return;
    const jumped: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      PageUp: [-PAGE, 0],
      PageDown: [PAGE, 0],
      Home: [event.ctrlKey ? -shown.length : 0, -columns.length],
      End: [event.ctrlKey ? shown.length : 0, columns.length],
    };
    const step = jumped[event.key];
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (step) move(...step);
    else if (event.key === 'Enter' || event.key === 'F2' || event.key === ' ') begin();
    else if (event.key === 'Insert') add(false);
    else if (event.key === 'Delete' && event.ctrlKey) remove();
    else if ((event.key === 'Delete' || event.key === 'Backspace') && plain)
      set(setCell(table!, cursor.row, cursor.column, ''));
    else if (event.key.length === 1 && plain) begin(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const problemsAt = (row: number, column: number): readonly CellProblem[] =>
    (wrong.get(table.rows[row]?.raw ?? '') ?? []).filter(
      (one) => one.column === undefined || one.column === table.columns[column],
    );

  return (
    <div className={styles.tableEditor} data-form={form}>
      <TableTools
        words={words}
        onWords={setWords}
        only={only}
        onOnly={setOnly}
        shown={shown.length}
        of={table.rows.length}
        every={usual.length < table.columns.length ? { on: every, set: setEvery } : undefined}
        form={{ on: form, set: setForm }}
        rows={onChange && { onAdd: add, onRemove: remove, chosen: current !== undefined }}
      />
      <div className={styles.tableBody}>
        {shown.length === 0 ? (
          <Empty title={t('table.none')} hint={t('table.noneHint')} />
        ) : (
          <div
            ref={grid}
            className={styles.grid}
            role="grid"
            aria-label={t('table.label')}
            aria-rowcount={shown.length + 1}
            aria-colcount={columns.length + 1}
            aria-readonly={!onChange}
            aria-activedescendant={current ? cellId(cursor.row, cursor.column) : undefined}
            tabIndex={0}
            onKeyDown={onKeyDown}
          >
            <div
              role="row"
              aria-rowindex={1}
              className={styles.gridHead}
              style={{ gridTemplateColumns: template, width }}
            >
              <span role="columnheader" aria-colindex={1}>
                {t('table.number')}
              </span>
              {columns.map(({ index, name }, place) => (
                <span
                  key={index}
                  role="columnheader"
                  aria-colindex={place + 2}
                  title={name}
                  data-first={place === 0}
                >
                  {columnName(name)}
                </span>
              ))}
            </div>
            <div
              role="rowgroup"
              className={styles.gridRows}
              style={{ height: virtual.getTotalSize(), width }}
            >
              {virtual.getVirtualItems().map((item) => {
                const row = shown[item.index]!;
                const { cells, raw } = table.rows[row]!;
                const old = rowBefore(was, code, table, cells);
                return (
                  <TableRow
                    key={item.key}
                    number={row + 1}
                    rowIndex={item.index + 2}
                    cells={cells}
                    columns={columns}
                    style={{ gridTemplateColumns: template, width, transform: `translateY(${item.start}px)` }}
                    mark={!was ? undefined : !old ? 'added' : was.raws.has(raw) ? undefined : 'changed'}
                    wasAt={old && ((name) => old[was!.columns.indexOf(name)] ?? '')}
                    problemsAt={(column) => problemsAt(row, column)}
                    lookUps={lookUps}
                    cellId={(column) => cellId(row, column)}
                    current={row === cursor.row ? cursor.column : undefined}
                    field={
                      row === cursor.row &&
                      typed !== null && (
                        <CellInput
                          table={code}
                          column={table.columns[cursor.column]!}
                          spec={columnSpec(code, table.columns[cursor.column]!)}
                          value={typed}
                          options={lookUps.options(cells, cursor.column)}
                          label={columnName(table.columns[cursor.column]!)}
                          onCommit={commit}
                          onCancel={() => {
                            setTyped(null);
                            grid.current?.focus();
                          }}
                        />
                      )
                    }
                    onPoint={(column) => {
                      setTyped(null);
                      setCursor({ row, column });
                      grid.current?.focus();
                    }}
                    onOpen={() => {
                      if (typed === null) begin();
                    }}
                  />
                );
              })}
            </div>
          </div>
        )}
        {form && current && (
          <RowForm
            key={cursor.row}
            code={code}
            table={table}
            row={cursor.row}
            lookUps={lookUps}
            problemsAt={(column) => problemsAt(cursor.row, column)}
            onSet={onChange && ((column, next) => set(setCell(table, cursor.row, column, next)))}
            onClose={() => setForm(false)}
          />
        )}
      </div>
      <TableFoot
        table={table}
        cursor={cursor}
        label={current ? lookUps.label(current.cells, cursor.column) : ''}
        before={
          current &&
          rowBefore(was, code, table, current.cells)?.[was!.columns.indexOf(table.columns[cursor.column]!)]
        }
        problems={problemsAt(cursor.row, cursor.column)}
        writable={onChange !== undefined}
      />
    </div>
  );
}

const widthOf = (columns: readonly ShownColumn[]): number =>
  columns.reduce((sum, { spec }) => sum + spec.width, 0);
