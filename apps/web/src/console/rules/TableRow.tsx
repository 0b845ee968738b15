import type { CSSProperties, ReactNode } from 'react';
import type { ColumnSpec } from './columns.ts';
import type { LookUps } from './lookUps.ts';
import styles from './rules.module.css';
import type { CellProblem } from './tableProblems.ts';

export interface ShownColumn {
  /** Its place in the table, whatever is shown of it. */
  readonly index: number;
  readonly name: string;
  readonly spec: ColumnSpec;
}

/** A row of a table: what stands in it, what it was before, and what the check says of it. */
export function TableRow({
  number,
  rowIndex,
  cells,
  columns,
  style,
  mark,
  wasAt,
  problemsAt,
  lookUps,
  cellId,
  current,
  field,
  onPoint,
  onOpen,
}: {
  /** As people count the rows of the table. */
  number: number;
  /** As it is counted among the rows that are shown. */
  rowIndex: number;
  cells: readonly string[];
  columns: readonly ShownColumn[];
  style: CSSProperties;
  mark: 'added' | 'changed' | undefined;
  /** What stood in a column before; undefined: the row is new, or nothing is known. */
  wasAt: ((name: string) => string) | undefined;
  problemsAt: (column: number) => readonly CellProblem[];
  lookUps: LookUps;
  cellId: (column: number) => string;
  /** The column that the cursor stands in; undefined: it stands in another row. */
  current: number | undefined;
  /** In the cell under the cursor, while something is typed into it; false: nothing is. */
  field: ReactNode;
  onPoint: (column: number) => void;
  onOpen: () => void;
}) {
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      className={styles.gridRow}
      data-current={current !== undefined}
      data-mark={mark}
      style={style}
    >
      <span role="rowheader" aria-colindex={1} className={styles.rowNumber}>
        {number}
      </span>
      {columns.map(({ index, name, spec }, place) => {
        const own = problemsAt(index);
        const grave = own.some((one) => one.grave);
        const active = index === current;
        const typed = active && field;
        return (
          <span
            key={index}
            id={cellId(index)}
            role="gridcell"
            tabIndex={-1}
            aria-colindex={place + 2}
            aria-selected={active}
            aria-invalid={grave || undefined}
            data-kind={spec.kind}
            data-first={place === 0}
            data-wrong={own.length === 0 ? undefined : grave ? 'error' : 'warning'}
            data-changed={(wasAt && wasAt(name) !== (cells[index] ?? '')) || undefined}
            onMouseDown={(event) => {
              if (typed) return;
              event.preventDefault();
              onPoint(index);
            }}
            onDoubleClick={onOpen}
          >
            {typed || lookUps.label(cells, index) || (cells[index] ?? '')}
          </span>
        );
      })}
    </div>
  );
}
