import { Link } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../shared/time/useFormat.ts';
import type { CaseSearch } from '../cases/search.ts';
import styles from './statistics.module.css';

interface BarRow {
  key: string;
  name: string;
  value: number;
  to: CaseSearch;
}

/** Lying bars with their names and figures as text: readable without the picture. */
export function Bars({ rows }: { rows: BarRow[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = Math.max(1, ...rows.map((row) => row.value));
  if (rows.length === 0) return <p className={styles.quiet}>{t('statistics.nothing')}</p>;
  return (
    <ul className={styles.bars}>
      {rows.map((row) => (
        <li key={row.key}>
          <Link to="/cases" search={row.to} className={styles.barName}>
            {row.name}
          </Link>
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden>
            <rect width={(100 * row.value) / most} height="8" className={styles.bar} />
          </svg>
          <span>{format.number(row.value)}</span>
        </li>
      ))}
    </ul>
  );
}

const SERIES = ['reported', 'filed', 'closed'] as const;
const HEIGHT = 150;
const GAP = 6;
/** Room for the scale. */
const LEFT = 44;

interface Day {
  day: string;
  reported: number;
  filed: number;
  closed: number;
}

/** Three thin columns a day; the scale says its highest figure. */
export function Days({ days }: { days: Day[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = ceiling(Math.max(1, ...days.flatMap((day) => SERIES.map((series) => day[series]))));
  const [frame, measured] = useWidth();
  if (days.every((day) => SERIES.every((series) => day[series] === 0))) {
    return <p className={styles.quiet}>{t('statistics.nothing')}</p>;
  }
  const width = Math.max(measured - LEFT, days.length * 12);
  const slot = width / Math.max(1, days.length);
  const column = Math.min(12, Math.max(2, (slot - GAP) / SERIES.length));
  const every = Math.ceil(days.length / 12);
  return (
    <figure className={styles.days}>
      <figcaption>
        {SERIES.map((series) => (
          <span key={series}>
            <svg width="10" height="10" aria-hidden>
              <rect width="10" height="10" className={styles[series]} />
            </svg>
            {t(`statistics.${series}`)}
          </span>
        ))}
      </figcaption>
      <div ref={frame} className={styles.scroll}>
        <svg width={width + LEFT} height={HEIGHT + 34} role="img" aria-label={t('statistics.byDay')}>
          {[0, 0.5, 1].map((share) => (
            <g key={share}>
              <line x1={LEFT - 4} x2={width + LEFT} y1={y(share)} y2={y(share)} className={styles.rule} />
              <text x={34} y={y(share) + 4} textAnchor="end" className={styles.tick}>
                {format.number(most * share)}
              </text>
            </g>
          ))}
          {days.map((day, index) => (
            <g key={day.day} transform={`translate(${LEFT + index * slot} 0)`}>
              <title>
                {[
                  day.day,
                  ...SERIES.map((series) => `${t(`statistics.${series}`)} ${format.number(day[series])}`),
                ].join('\n')}
              </title>
              <rect x={-GAP / 2} y={0} width={slot} height={HEIGHT + 12} className={styles.hit} />
              {SERIES.map((series, at) => (
                <rect
                  key={series}
                  x={at * column}
                  y={y(day[series] / most)}
                  width={Math.max(1, column - 1)}
                  height={(HEIGHT * day[series]) / most}
                  className={styles[series]}
                />
              ))}
              {index % every === 0 && (
                <text x={(column * 3) / 2} y={HEIGHT + 28} textAnchor="middle" className={styles.tick}>
                  {day.day.slice(5)}
                </text>
              )}
            </g>
          ))}
        </svg>
      </div>
    </figure>
  );
}

/** The width of the element that the returned ref is given to, as it changes. */
function useWidth(): [(element: HTMLElement | null) => (() => void) | undefined, number] {
  const [width, setWidth] = useState(600);
  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

function y(share: number): number {
  return 8 + HEIGHT * (1 - share);
}

/** The next round figure (1, 2, 5 × 10ⁿ) that halves evenly. */
export function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 6, 8, 10].find((one) => one * power >= value) ?? 10;
  return Math.max(2, step * power);
}
