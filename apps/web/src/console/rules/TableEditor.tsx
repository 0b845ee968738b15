import { useVirtualizer } from '@tanstack/react-virtual';
import { Button, Input } from 'antd';
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
import { useFormat } from '../../shared/time/useFormat.ts';
import { CellInput } from './CellInput.tsx';
import { columnSpec, KEYS, usualColumns } from './columns.ts';
import { insertRow, readTable, removeRow, setCell, type Table } from './csv.ts';
import type { EditorProps } from './Editor.tsx';
import { useLookUps } from './lookUps.ts';
import { useColumnName } from './names.ts';
import { useProblemText } from './problemText.ts';
import { RowForm } from './RowForm.tsx';
import styles from './rules.module.css';

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
  const format = useFormat();
  const columnName = useColumnName();
  const problemText = useProblemText();
  const id = useId();
  const table = useMemo(() => readTable(text), [text]);
  const lookUps = useLookUps(draft, code, table);
  const [words, setWords] = useState('');
  const [only, setOnly] = useState<'all' | 'changed' | 'wrong'>('all');
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

  const was = useMemo(() => keyedRows(code, before), [code, before]);
  const wrong = useMemo(() => {
    const lines = new Map(readTable(saved)?.rows.map((row) => [row.line, row.raw] as const));
    const found = new Map<string, { column: string | undefined; text: string; grave: boolean }[]>();
    for (const problem of problems) {
      const [line = '', column] = (problem.element ?? '').split('/');
      const raw = lines.get(Number(line));
      if (raw === undefined) continue;
      const one = { column, text: problemText(problem), grave: problem.severity === 'error' };
      found.set(raw, [...(found.get(raw) ?? []), one]);
    }
    return found;
  }, [problems, saved, problemText]);

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
  const columns = every
    ? table.columns.map((_, index) => index)
    : usualColumns(code, table.columns, i18n.language);
  const specs = columns.map((index) => columnSpec(code, table.columns[index]!));
  // A table that is narrower than its frame is stretched, the longer columns more.
  const template = `${NUMBER}px ${specs.map((spec) => `minmax(${spec.width}px, ${spec.width}fr)`).join(' ')}`;
  const width = `max(100%, ${NUMBER + specs.reduce((sum, spec) => sum + spec.width, 0)}px)`;
  const current = table.rows[cursor.row];
  const cellId = (row: number, column: number) => `${id}-${row}-${column}`;
  const hasMore = columns.length < table.columns.length || every;

  function set(next: Table) {
    if (next.text !== table!.text) onChange?.(next.text);
  }

  function move(rows: number, places: number) {
    const at_ = Math.max(0, shown.indexOf(cursor.row));
    const to = Math.min(shown.length - 1, Math.max(0, at_ + rows));
    const place = Math.min(columns.length - 1, Math.max(0, columns.indexOf(cursor.column) + places));
    if (shown[to] === undefined) return;
    setCursor({ row: shown[to], column: columns[place]! });
    virtual.scrollToIndex(to, { align: 'auto' });
    reveal(place);
  }

  /** Sideways the browser scrolls: the cell must not hide behind the columns that stand still. */
  function reveal(place: number) {
    const box = grid.current;
    if (!box) return;
    const still = NUMBER + specs[0]!.width;
    const left = NUMBER + specs.slice(0, place).reduce((sum, spec) => sum + spec.width, 0);
    const right = left + specs[place]!.width;
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
    setCursor({ row: to, column: columns[0]! });
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

  const problemsAt = (row: number, column: number) =>
    (wrong.get(table.rows[row]?.raw ?? '') ?? []).filter(
      (one) => one.column === undefined || one.column === table.columns[column],
    );
  const here = problemsAt(cursor.row, cursor.column);
  const value = current?.cells[cursor.column] ?? '';
  const beforeRow = current && was?.rows.get(keyOf(code, table, current.cells));
  const beforeValue = beforeRow?.[was!.columns.indexOf(table.columns[cursor.column]!)];

  return (
    <div className={styles.tableEditor} data-form={form}>
      <div className={styles.tableTools}>
        <Input
          allowClear
          aria-label={t('table.find')}
          placeholder={t('table.find')}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <span className={styles.segments} role="group" aria-label={t('table.which')}>
          {(['all', 'changed', 'wrong'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={only === one} onClick={() => setOnly(one)}>
              {t(`table.${one}`)}
            </button>
          ))}
        </span>
        <span className={styles.quiet} role="status">
          {t('table.rows', { n: format.number(shown.length), of: format.number(table.rows.length) })}
        </span>
        <span className={styles.lineActions}>
          {hasMore && (
            <Button aria-pressed={every} onClick={() => setEvery(!every)}>
              {t(every ? 'table.usual' : 'table.every')}
            </Button>
          )}
          <Button aria-pressed={form} onClick={() => setForm(!form)}>
            {t('table.form')}
          </Button>
          {onChange && (
            <>
              <Button onClick={() => add(false)}>{t('table.add')}</Button>
              <Button disabled={!current} onClick={() => add(true)}>
                {t('table.copy')}
              </Button>
              <Button disabled={!current} onClick={remove}>
                {t('table.remove')}
              </Button>
            </>
          )}
        </span>
      </div>
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
              {columns.map((column, place) => (
                <span
                  key={column}
                  role="columnheader"
                  aria-colindex={place + 2}
                  title={table.columns[column]}
                  data-first={place === 0}
                >
                  {columnName(table.columns[column]!)}
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
                const old = was?.rows.get(keyOf(code, table, cells));
                const mark = !was ? undefined : !old ? 'added' : was.raws.has(raw) ? undefined : 'changed';
                return (
                  <div
                    key={item.key}
                    role="row"
                    aria-rowindex={item.index + 2}
                    className={styles.gridRow}
                    data-current={row === cursor.row}
                    data-mark={mark}
                    style={{ gridTemplateColumns: template, width, transform: `translateY(${item.start}px)` }}
                  >
                    <span role="rowheader" aria-colindex={1} className={styles.rowNumber}>
                      {row + 1}
                    </span>
                    {columns.map((column, place) => {
                      const name = table.columns[column]!;
                      const spec = specs[place]!;
                      const own = problemsAt(row, column);
                      const active = row === cursor.row && column === cursor.column;
                      const differs =
                        old !== undefined &&
                        (old[was!.columns.indexOf(name)] ?? '') !== (cells[column] ?? '');
                      return (
                        <span
                          key={column}
                          id={cellId(row, column)}
                          role="gridcell"
                          tabIndex={-1}
                          aria-colindex={place + 2}
                          aria-selected={active}
                          aria-invalid={own.some((one) => one.grave) || undefined}
                          data-kind={spec.kind}
                          data-first={place === 0}
                          data-wrong={
                            own.length === 0 ? undefined : own.some((one) => one.grave) ? 'error' : 'warning'
                          }
                          data-changed={differs || undefined}
                          onMouseDown={(event) => {
                            if (active && typed !== null) return;
                            event.preventDefault();
                            setTyped(null);
                            setCursor({ row, column });
                            grid.current?.focus();
                          }}
                          onDoubleClick={() => {
                            if (typed === null) begin();
                          }}
                        >
                          {active && typed !== null ? (
                            <CellInput
                              table={code}
                              column={name}
                              spec={spec}
                              value={typed}
                              options={lookUps.options(cells, column)}
                              label={columnName(name)}
                              onCommit={commit}
                              onCancel={() => {
                                setTyped(null);
                                grid.current?.focus();
                              }}
                            />
                          ) : (
                            <Shown value={cells[column] ?? ''} label={lookUps.label(cells, column)} />
                          )}
                        </span>
                      );
                    })}
                  </div>
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
      <footer className={styles.tableFoot}>
        {current && (
          <>
            <strong>{columnName(table.columns[cursor.column] ?? '')}</strong>
            <span className={styles.whole}>
              {lookUps.label(current.cells, cursor.column) || value || '—'}
            </span>
            {beforeValue !== undefined && beforeValue !== value && (
              <span className={styles.was}>{t('table.was', { value: beforeValue || '—' })}</span>
            )}
            {here.map((one, index) => (
              <span key={index} className={one.grave ? styles.wrong : styles.warned}>
                {one.text}
              </span>
            ))}
          </>
        )}
        {onChange && <span className={styles.keysHint}>{t('table.keys')}</span>}
      </footer>
    </div>
  );
}

/** A code with its name beside it, or the value's word. */
function Shown({ value, label }: { value: string; label: string }) {
  if (!label || label === value) return value;
  return label;
}

interface Keyed {
  columns: readonly string[];
  rows: ReadonlyMap<string, readonly string[]>;
  raws: ReadonlySet<string>;
}

function keyedRows(code: string, text: string | undefined): Keyed | null {
  const table = text === undefined ? null : readTable(text);
  if (!table) return null;
  return {
    columns: table.columns,
    rows: new Map(table.rows.map((row) => [keyOf(code, table, row.cells), row.cells])),
    raws: new Set(table.rows.map((row) => row.raw)),
  };
}

function keyOf(code: string, table: Pick<Table, 'columns'>, cells: readonly string[]): string {
  const keys = KEYS[code] ?? [table.columns[0] ?? ''];
  return keys.map((key) => cells[table.columns.indexOf(key)] ?? '').join('\u0000');
}
