import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import styles from './transfer.module.css';

interface State {
  readonly code: string;
  readonly word: string;
}

/** Whose page it is: the file, how it stands with it, and what else is said of it in a line. */
export function FileHead({ name, state, said }: { name: string; state: State; said: string }) {
  return (
    <header className={styles.batchHead}>
      <h2>{name}</h2>
      <StateMark state={state} />
      <span className={styles.quiet}>{said}</span>
    </header>
  );
}

/** The same in a list, with the way to its page. */
export function FileCard({
  name,
  to,
  state,
  said,
  children,
}: {
  name: string;
  to: { readonly batch: string } | { readonly upload: string };
  state: State;
  said: string;
  children: ReactNode;
}) {
  return (
    <li className={styles.card}>
      <div className={styles.line}>
        <strong>
          <Link to="/transfer" search={{ tab: 'cases', ...to }}>
            {name}
          </Link>
        </strong>
        <StateMark state={state} />
        <span className={styles.quiet}>{said}</span>
      </div>
      {children}
    </li>
  );
}

function StateMark({ state: { code, word } }: { state: State }) {
  return (
    <span className={styles.state} data-state={code}>
      {word}
    </span>
  );
}
