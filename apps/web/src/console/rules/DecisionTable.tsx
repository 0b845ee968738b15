import { useEffect, useEffectEvent, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ColumnForm } from './ColumnForm.tsx';
import {
  addColumn,
  mayMoveColumn,
  mayRemove,
  moveColumn,
  placeIn,
  removeColumn,
  setColumn,
  type DecisionGrid,
} from './decision.ts';
import { DecisionTools } from './DecisionTools.tsx';
import type { EditorProps } from './Editor.tsx';
import { useProblemText } from './problemText.ts';
import { RuleRow, type RuleColumn } from './RuleRow.tsx';
import styles from './rules.module.css';

/** So many rules stand on the screen at once; more are asked for. */
const SHOWN = 100;
/** Of a column, in letters. */
const MIN_WIDTH = 14;
const MAX_WIDTH = 44;
const lettersOf = (text: string): number => text.replaceAll(/[^\u0000-\u00ff]/g, 'xx').length;

/** One decision table: its tools, its columns, its rules. */
export function DecisionTable({
  grid,
  text,
  problems,
  at,
  onChange,
}: EditorProps & { readonly grid: DecisionGrid }) {
  const { t } = useTranslation('rules');
  const half = useHalf();
  const problemText = useProblemText();
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(SHOWN);
  const [open, setOpen] = useState<number | null>(null);
  const { inputs, outputs, rules } = grid;
  const columns = useColumns(grid);
  const opened = open === null ? undefined : columns[open];
  const wrong = problems.flatMap((problem) => {
    const place = problem.element === null ? null : placeIn(grid, problem.element, problem.detail);
    return place ? [{ ...place, text: problemText(problem), grave: problem.severity === 'error' }] : [];
  });

  function focus(rule: number, place: number) {
    const field = frame.current?.querySelector<HTMLElement>(`[data-cell="${rule}-${place}"]`);
    field?.focus();
    field?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  const jump = useEffectEvent((place: string) => {
    const detail = problems.find((one) => one.element === place)?.detail ?? '';
    const found = placeIn(grid, place, detail);
    if (!found) return;
    if (found.rule >= shown) setShown(found.rule + SHOWN);
    requestAnimationFrame(() => focus(found.rule, found.column ?? 0));
  });
  useEffect(() => {
    if (!at) return;
    const soon = requestAnimationFrame(() => jump(at));
    return () => cancelAnimationFrame(soon);
  }, [at]);

  /** It opens where it can be named: until then it asks for, or answers, a name that nobody else has. */
  function addHead(kind: 'input' | 'output') {
    const taken = new Set([...inputs, ...outputs].map((one) => one.name));
    let n = 1;
    while (taken.has(`${kind}${n}`)) n += 1;
    onChange?.(addColumn(text, grid, kind, `${kind}${n}`));
    setOpen(kind === 'input' ? inputs.length : inputs.length + outputs.length);
  }

  function onKeyDown(event: KeyboardEvent, rule: number, place: number) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowUp') focus(rule - 1, place);
    else if (event.key === 'ArrowDown' || event.key === 'Enter') focus(rule + 1, place);
    else return;
    event.preventDefault();
  }

  return (
    <>
      <DecisionTools
        title={half(grid.decision)}
        grid={grid}
        text={text}
        onChange={onChange}
        onAddColumn={addHead}
      />
      {open !== null && opened?.head && (
        <ColumnForm
          key={open}
          id={`${id}-column`}
          title={opened.name}
          head={opened.head}
          onSet={onChange && ((what, value) => onChange(setColumn(text, opened.head!, what, value)))}
          moves={([-1, 1] as const).filter((by) => onChange && mayMoveColumn(grid, open, by))}
          onMove={(by) => {
            setOpen(open + by);
            onChange?.(moveColumn(text, grid, open, by));
          }}
          onRemove={
            onChange && mayRemove(grid, open)
              ? () => {
                  setOpen(null);
                  onChange(removeColumn(text, grid, open));
                }
              : undefined
          }
          onClose={() => setOpen(null)}
        />
      )}
      <div ref={frame} className={styles.decisionFrame} tabIndex={-1}>
        <table className={styles.decisionTable}>
          <caption className="visuallyHidden">{half(grid.decision)}</caption>
          <thead>
            <tr>
              <th scope="col" className={styles.rowNumber}>
                {t('table.number')}
              </th>
              {columns.map(({ head, name, part }, place) => (
                <th key={place} scope="col" data-part={part}>
                  {head ? (
                    <button
                      type="button"
                      aria-expanded={open === place}
                      title={head.name}
                      onClick={() => setOpen(open === place ? null : place)}
                    >
                      {name}
                      <code>{head.name}</code>
                    </button>
                  ) : (
                    name
                  )}
                </th>
              ))}
              {onChange && (
                <th scope="col">
                  <span className="visuallyHidden">{t('more')}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rules.slice(0, shown).map((rule, index) => (
              <RuleRow
                key={rule.id}
                id={`${id}-${index}`}
                grid={grid}
                index={index}
                columns={columns}
                wrong={wrong.filter((one) => one.rule === index)}
                text={text}
                onChange={onChange}
                onKeyDown={(event, place) => onKeyDown(event, index, place)}
              />
            ))}
          </tbody>
        </table>
        {rules.length > shown && (
          <p className={styles.end}>
            <button type="button" className={styles.more} onClick={() => setShown(shown + SHOWN)}>
              {t('decision.more', { n: rules.length - shown })}
            </button>
          </p>
        )}
      </div>
    </>
  );
}

/** What is asked, what is answered, what is noted: in this order they stand in each rule. */
function useColumns({ inputs, outputs, annotations, rules }: DecisionGrid): readonly RuleColumn[] {
  const half = useHalf();
  const widths = useMemo(
    () =>
      Array.from({ length: inputs.length + outputs.length + annotations.length }, (_, place) => {
        const longest = Math.max(0, ...rules.map((rule) => lettersOf(rule.texts[place] ?? '')));
        return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, longest + 3));
      }),
    [inputs, outputs, annotations, rules],
  );
  return [
    ...inputs.map((head) => ({ head, name: half(head.label) || head.name, part: 'input' as const })),
    ...outputs.map((head) => ({ head, name: half(head.label) || head.name, part: 'output' as const })),
    ...annotations.map((name) => ({ head: null, name, part: 'note' as const })),
  ].map((column, place) => ({ ...column, width: widths[place]! }));
}

/** Names in the files hold both languages: 来源 / Source. */
function useHalf(): (label: string) => string {
  const { i18n } = useTranslation();
  return (label) => {
    const halves = label.split(' / ');
    return halves.length === 2 ? halves[i18n.language === 'en' ? 1 : 0]! : label;
  };
}
