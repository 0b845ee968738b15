import { useTranslation } from 'react-i18next';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './transfer.module.css';
import { codeText } from './words.ts';

/** Numbers side by side, each with its word. */
export function Counts<Name extends string>({
  of,
  names,
  wordOf,
}: {
  of: Readonly<Record<Name, number>>;
  names: readonly Name[];
  wordOf: (name: Name) => string;
}) {
  const format = useFormat();
  return (
    <dl className={styles.counts}>
      {names.map((name) => (
        <div key={name} data-count={name} data-some={of[name] > 0}>
          <dt>{wordOf(name)}</dt>
          <dd>{format.number(of[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

const ROWS = ['read', 'accepted', 'already', 'rejected', 'remarked'] as const;

/** What became of the rows of a register, or would become of them. */
export function RowCounts({ of }: { of: Readonly<Record<(typeof ROWS)[number], number>> }) {
  const { t } = useTranslation('transfer');
  return <Counts of={of} names={ROWS} wordOf={(name) => t(`cases.count.${name}`)} />;
}

/** In words, with the codes that the reject file and the manual speak of. */
export function Reasons({ title, counts }: { title: string; counts: Readonly<Record<string, number>> }) {
  const format = useFormat();
  const sorted = Object.entries(counts).toSorted((a, b) => b[1] - a[1]);
  if (sorted.length === 0) return null;
  return (
    <p className={styles.line}>
      <span className={styles.quiet}>{title}</span>
      {sorted.map(([code, n]) => (
        <span key={code} className={styles.code}>
          {codeText(code)} <code>{code}</code> <b>{format.number(n)}</b>
        </span>
      ))}
    </p>
  );
}
