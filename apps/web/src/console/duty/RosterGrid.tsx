import type { Role, Shift } from '@wanmi/contracts';
import { ROLE_NAMES } from '@wanmi/contracts/words';
import { useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Choices } from '../../shared/form/Choices.tsx';
import { useText } from '../../shared/i18n/text.ts';
import { Empty } from '../../shared/states/states.tsx';
import styles from './duty.module.css';
import { useWeekday } from './useWeekday.ts';
import { cell, toggled, withCell, type Plan } from './week.ts';

export interface RosterRow {
  id: string;
  name: string;
  role: Role;
}

type ShiftName = Pick<Shift, 'id' | 'code' | 'name'>;

/**
 * People by days. A chosen shift goes into a cell by a click or Enter, and out again; arrows move, 1 … 9 put in that
 * shift, Delete empties the cell.
 */
export function RosterGrid({
  days,
  today,
  rows,
  shifts,
  offered,
  plan,
  saved,
  onPlan,
}: {
  days: string[];
  today: string;
  rows: RosterRow[];
  /** Every shift that has a name here; those that may be put in now are `offered`. */
  shifts: ShiftName[];
  offered: string[];
  plan: Plan;
  saved: Plan;
  /** Absent: only to be read. */
  onPlan: ((plan: Plan) => void) | undefined;
}) {
  const { t } = useTranslation();
  const text = useText();
  const weekday = useWeekday();
  const table = useRef<HTMLTableElement>(null);
  const [at, setAt] = useState<[row: number, day: number]>([0, 0]);
  const brushes = shifts.filter((one) => offered.includes(one.id));
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const brush = chosen ?? brushes[0]?.id;
  const nameOf = (id: string) => text(shifts.find((one) => one.id === id)?.name);

  function onKeyDown(event: KeyboardEvent, key: string) {
    const [row, day] = at;
    const steps: Record<string, [number, number]> = {
      ArrowUp: [row - 1, day],
      ArrowDown: [row + 1, day],
      ArrowLeft: [row, day - 1],
      ArrowRight: [row, day + 1],
      Home: [row, 0],
      End: [row, days.length - 1],
    };
    const next = steps[event.key];
    if (next) {
      event.preventDefault();
      move(next);
    } else if (onPlan && (event.key === 'Delete' || event.key === 'Backspace')) {
      event.preventDefault();
      onPlan(withCell(plan, key, []));
    } else if (onPlan && /^[1-9]$/.test(event.key)) {
      const shift = brushes[Number(event.key) - 1];
      if (!shift) return;
      event.preventDefault();
      setChosen(shift.id);
      onPlan(toggled(plan, key, shift.id));
    }
  }

  function move([row, day]: [number, number]) {
    const to: [number, number] = [
      Math.min(Math.max(row, 0), rows.length - 1),
      Math.min(Math.max(day, 0), days.length - 1),
    ];
    setAt(to);
    table.current?.querySelector<HTMLElement>(`[data-at="${to.join()}"]`)?.focus();
  }

  return (
    <>
      {onPlan &&
        (brushes.length === 0 ? (
          <Empty title={t('roster.noShifts')} hint={t('roster.noShiftsHint')} />
        ) : (
          <div className={styles.brushes}>
            <span className={styles.quiet} id="roster-brush-label">
              {t('roster.brush')}
            </span>
            <Choices
              id="roster-brush"
              size="short"
              value={brush}
              items={brushes.map((one, index) => ({
                value: one.id,
                label: text(one.name),
                note: index < 9 ? `${index + 1}` : undefined,
              }))}
              onChange={(next) => setChosen(String(next))}
            />
          </div>
        ))}
      <div className={styles.gridFrame}>
        <table ref={table} className={styles.grid} aria-label={t('duty.tab.roster')}>
          <thead>
            <tr>
              <th scope="col">{t('people.name')}</th>
              {days.map((day) => (
                <th key={day} scope="col" data-today={day === today}>
                  {weekday(day)} <span className={styles.quiet}>{day.slice(5)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, r) => (
              <tr key={row.id}>
                <th scope="row">
                  {row.name} <span className={styles.quiet}>{text(ROLE_NAMES[row.role])}</span>
                </th>
                {days.map((day, d) => {
                  const key = cell(row.id, day);
                  const ids = plan.get(key) ?? [];
                  const words = ids.map(nameOf).join(t('list.comma'));
                  const changed = ids.join() !== (saved.get(key) ?? []).join();
                  return (
                    <td key={day} data-today={day === today}>
                      <button
                        type="button"
                        data-at={`${r},${d}`}
                        data-changed={changed}
                        tabIndex={at[0] === r && at[1] === d ? 0 : -1}
                        aria-label={t('roster.cell', {
                          name: row.name,
                          day: `${day.slice(5)} ${weekday(day)}`,
                          shifts: words || t('roster.free'),
                        })}
                        onFocus={() => setAt([r, d])}
                        onKeyDown={(event) => onKeyDown(event, key)}
                        onClick={() => {
                          if (onPlan && brush) onPlan(toggled(plan, key, brush));
                        }}
                      >
                        {words || <span className={styles.free}>—</span>}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {onPlan && <p className={styles.quiet}>{t('roster.keys')}</p>}
    </>
  );
}
