import { Button } from 'antd';
import { useEffect, useEffectEvent, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../shared/states/states.tsx';
import {
  addColumn,
  addRule,
  AGGREGATIONS,
  mayMoveColumn,
  mayRemove,
  moveColumn,
  placeIn,
  POLICIES,
  readDecisions,
  removeColumn,
  removeRule,
  setColumn,
  setEntry,
  setPolicy,
  swapRules,
  TYPES,
  type ColumnPart,
  type DecisionColumn,
  type DecisionGrid,
} from './decision.ts';
import type { EditorProps } from './Editor.tsx';
import { useProblemText } from './problemText.ts';
import styles from './rules.module.css';
import { Typed } from './Typed.tsx';

/** So many rules stand on the screen at once; more are asked for. */
const SHOWN = 100;
/** Of a column, in letters. */
const MIN_WIDTH = 14;
const MAX_WIDTH = 44;
const lettersOf = (text: string): number => text.replaceAll(/[^\u0000-\u00ff]/g, 'xx').length;

/** Decision tables as a grid; what the grid does not show stays in the file as it was. */
export function DmnEditor(props: EditorProps) {
  const { t } = useTranslation('rules');
  const { text, onUnreadable } = props;
  const grids = useMemo(() => readDecisions(text), [text]);
  const [chosen, setChosen] = useState(0);
  const unreadable = useEffectEvent(onUnreadable);
  useEffect(() => {
    if (!grids) unreadable();
  }, [grids]);
  if (!grids) return null;
  const grid = grids[chosen] ?? grids[0];
  if (!grid) return <Empty title={t('decision.none')} hint={t('decision.noneHint')} />;
  return (
    <div className={styles.decision}>
      {grids.length > 1 && (
        <div className={styles.segments} role="group" aria-label={t('decision.which')}>
          {grids.map((one, index) => (
            <button
              key={one.id || index}
              type="button"
              aria-pressed={one === grid}
              onClick={() => setChosen(index)}
            >
              {one.decision}
            </button>
          ))}
        </div>
      )}
      <Grid key={grid.id} {...props} grid={grid} />
    </div>
  );
}

/** Names in the files hold both languages: 来源 / Source. */
function useHalf(): (label: string) => string {
  const { i18n } = useTranslation();
  return (label) => {
    const halves = label.split(' / ');
    return halves.length === 2 ? halves[i18n.language === 'en' ? 1 : 0]! : label;
  };
}

function Grid({ grid, text, problems, at, onChange }: EditorProps & { grid: DecisionGrid }) {
  const { t } = useTranslation('rules');
  const half = useHalf();
  const problemText = useProblemText();
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(SHOWN);
  const [column, setOpenColumn] = useState<number | null>(null);
  const { inputs, outputs, annotations, rules } = grid;
  const heads: readonly (DecisionColumn | null)[] = [...inputs, ...outputs, ...annotations.map(() => null)];
  const nameOf = (place: number): string => {
    const head = heads[place];
    return head ? half(head.label) || head.name : (annotations[place - inputs.length - outputs.length] ?? '');
  };
  const widths = useMemo(
    () =>
      Array.from({ length: inputs.length + outputs.length + annotations.length }, (_, place) => {
        const longest = Math.max(0, ...rules.map((rule) => lettersOf(rule.texts[place] ?? '')));
        return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, longest + 3));
      }),
    [inputs, outputs, annotations, rules],
  );
  const wrong = problems.flatMap((problem) => {
    const place = problem.element === null ? null : placeIn(grid, problem.element, problem.detail);
    return place ? [{ ...place, text: problemText(problem), grave: problem.severity === 'error' }] : [];
  });
  const ordered = ['FIRST', 'RULE ORDER', 'COLLECT'].includes(grid.policy);

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
    setOpenColumn(kind === 'input' ? inputs.length : inputs.length + outputs.length);
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
      <div className={styles.tableTools}>
        <strong>{half(grid.decision)}</strong>
        <label className={styles.inlineLabel}>
          {t('decision.policy')}
          <select
            value={grid.policy}
            disabled={!onChange}
            onChange={(event) => onChange?.(setPolicy(text, grid, event.target.value, grid.aggregation))}
          >
            {[...new Set([...POLICIES, grid.policy])].map((one) => (
              <option key={one} value={one}>
                {isPolicy(one) ? t(`decision.policies.${one}`) : one}
              </option>
            ))}
          </select>
        </label>
        {grid.policy === 'COLLECT' && (
          <label className={styles.inlineLabel}>
            {t('decision.aggregation')}
            <select
              value={grid.aggregation}
              disabled={!onChange}
              onChange={(event) => onChange?.(setPolicy(text, grid, grid.policy, event.target.value))}
            >
              {['', ...AGGREGATIONS].map((one) => (
                <option key={one} value={one}>
                  {one === '' ? t('decision.list') : t(`decision.aggregations.${one as 'SUM'}`)}
                </option>
              ))}
            </select>
          </label>
        )}
        <span className={styles.quiet}>{t('decision.rules', { n: rules.length })}</span>
        {onChange && (
          <span className={styles.lineActions}>
            <Button onClick={() => onChange(addRule(text, grid, rules.length - 1))}>
              {t('decision.add')}
            </Button>
            {(['input', 'output'] as const).map((kind) => (
              <Button key={kind} onClick={() => addHead(kind)}>
                {t(`decision.addColumn.${kind}`)}
              </Button>
            ))}
          </span>
        )}
      </div>
      {column !== null && heads[column] && (
        <ColumnForm
          key={column}
          id={`${id}-column`}
          title={nameOf(column)}
          head={heads[column]}
          onSet={
            onChange &&
            ((what, value) => onChange(setColumn(text, heads[column] as DecisionColumn, what, value)))
          }
          moves={([-1, 1] as const).filter((by) => onChange && mayMoveColumn(grid, column, by))}
          onMove={(by) => {
            setOpenColumn(column + by);
            onChange?.(moveColumn(text, grid, column, by));
          }}
          onRemove={
            onChange && mayRemove(grid, column)
              ? () => {
                  setOpenColumn(null);
                  onChange(removeColumn(text, grid, column));
                }
              : undefined
          }
          onClose={() => setOpenColumn(null)}
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
              {heads.map((head, place) => (
                <th
                  key={place}
                  scope="col"
                  data-part={place < inputs.length ? 'input' : head ? 'output' : 'note'}
                >
                  {head ? (
                    <button
                      type="button"
                      aria-expanded={column === place}
                      title={head.name}
                      onClick={() => setOpenColumn(column === place ? null : place)}
                    >
                      {nameOf(place)}
                      <code>{head.name}</code>
                    </button>
                  ) : (
                    nameOf(place)
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
            {rules.slice(0, shown).map((rule, index) => {
              const own = wrong.filter((one) => one.rule === index);
              return [
                <tr key={rule.id} data-wrong={own.some((one) => one.grave) ? 'error' : undefined}>
                  <th scope="row" className={styles.rowNumber}>
                    {index + 1}
                  </th>
                  {heads.map((head, place) => {
                    const bad = own.filter((one) => one.column === place);
                    return (
                      <td key={place} data-part={place < inputs.length ? 'input' : head ? 'output' : 'note'}>
                        <Cell
                          width={widths[place]!}
                          place={`${index}-${place}`}
                          value={rule.texts[place] ?? ''}
                          label={t('decision.cell', { n: index + 1, column: nameOf(place) })}
                          invalid={bad.length > 0}
                          describedBy={own.length > 0 ? `${id}-${index}` : undefined}
                          onKeyDown={(event) => onKeyDown(event, index, place)}
                          onSet={onChange && ((value) => onChange(setEntry(text, grid, index, place, value)))}
                        />
                      </td>
                    );
                  })}
                  {onChange && (
                    <td className={styles.rowTools}>
                      {ordered && (
                        <>
                          <button
                            type="button"
                            aria-label={t('decision.up', { n: index + 1 })}
                            disabled={index === 0}
                            onClick={() => onChange(swapRules(text, grid, index - 1, index))}
                          >
                            ↑
                          </button>
                          <button
                            type="button"
                            aria-label={t('decision.down', { n: index + 1 })}
                            disabled={index === rules.length - 1}
                            onClick={() => onChange(swapRules(text, grid, index, index + 1))}
                          >
                            ↓
                          </button>
                        </>
                      )}
                      <button
                        type="button"
                        aria-label={t('decision.copy', { n: index + 1 })}
                        title={t('decision.copy', { n: index + 1 })}
                        onClick={() => onChange(addRule(text, grid, index, index))}
                      >
                        ＋
                      </button>
                      <button
                        type="button"
                        aria-label={t('decision.remove', { n: index + 1 })}
                        title={t('decision.remove', { n: index + 1 })}
                        onClick={() => onChange(removeRule(text, grid, index))}
                      >
                        ×
                      </button>
                    </td>
                  )}
                </tr>,
                own.length > 0 && (
                  <tr key={`${rule.id} wrong`} className={styles.wrongRow}>
                    <td colSpan={heads.length + 2} id={`${id}-${index}`}>
                      {own.map((one, n) => (
                        <span key={n} className={one.grave ? styles.wrong : styles.warned}>
                          {one.text}
                        </span>
                      ))}
                    </td>
                  </tr>
                ),
              ];
            })}
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

function isPolicy(text: string): text is (typeof POLICIES)[number] {
  return (POLICIES as readonly string[]).includes(text);
}

/** A cell is typed in place; what is typed counts when the cell is left. */
function Cell({
  width,
  place,
  value,
  label,
  invalid,
  describedBy,
  onKeyDown,
  onSet,
}: {
  /** In letters. */
  width: number;
  place: string;
  value: string;
  label: string;
  invalid: boolean;
  describedBy: string | undefined;
  onKeyDown: (event: KeyboardEvent) => void;
  onSet: ((value: string) => void) | undefined;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <input
      data-cell={place}
      style={{ minWidth: `${width}ch` }}
      aria-label={label}
      aria-invalid={invalid || undefined}
      aria-describedby={describedBy}
      readOnly={!onSet}
      spellCheck={false}
      title={value}
      value={typed ?? value}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={() => {
        if (typed !== null && typed.trim() !== value) onSet?.(typed.trim());
        setTyped(null);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') setTyped(null);
        onKeyDown(event);
      }}
    />
  );
}

function ColumnForm({
  id,
  title,
  head,
  onSet,
  moves,
  onMove,
  onRemove,
  onClose,
}: {
  id: string;
  title: string;
  head: DecisionColumn;
  /** Ways to a neighbour of its kind. */
  moves: readonly (-1 | 1)[];
  onMove: (by: -1 | 1) => void;
  onSet: ((what: ColumnPart, value: string) => void) | undefined;
  /** Undefined: nothing may be changed, or it is the last of its kind. */
  onRemove: (() => void) | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const isInput = head.element.local === 'input';
  const fields = isInput
    ? (['label', 'name', 'values'] as const)
    : (['label', 'name', 'values', 'fallback'] as const);
  return (
    <section className={styles.columnForm} aria-label={title}>
      {fields.map((what) => (
        <div key={what} className={styles.field}>
          <label htmlFor={`${id}-${what}`}>
            {t(what === 'name' && isInput ? 'decision.expression' : `decision.column.${what}`)}
          </label>
          <Typed id={`${id}-${what}`} value={head[what]} onSet={onSet && ((value) => onSet(what, value))} />
        </div>
      ))}
      <div className={styles.field}>
        <label htmlFor={`${id}-type`}>{t('decision.type')}</label>
        <select
          id={`${id}-type`}
          value={head.type}
          disabled={!onSet}
          onChange={(event) => onSet?.('type', event.target.value)}
        >
          {[...new Set([head.type, ...TYPES])].map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </div>
      {moves.map((by) => (
        <Button key={by} onClick={() => onMove(by)}>
          {t(by < 0 ? 'decision.moveLeft' : 'decision.moveRight')}
        </Button>
      ))}
      {onRemove && (
        <Button danger onClick={onRemove}>
          {t('decision.removeColumn', { column: title })}
        </Button>
      )}
      <button type="button" className={styles.close} aria-label={common('common.close')} onClick={onClose}>
        ×
      </button>
    </section>
  );
}
