import { useTranslation } from 'react-i18next';
import { Dialog } from './Dialog.tsx';
import styles from './shell.module.css';

const KEYS = [
  ['j', 'next'],
  ['k', 'previous'],
  ['Enter', 'open'],
  ['c', 'claim'],
  ['1 … 9', 'act'],
  ['.', 'more'],
  ['Ctrl Enter', 'submit'],
  ['Esc', 'back'],
  ['/', 'filter'],
  ['m', 'map'],
  ['n', 'report'],
  ['Ctrl K', 'search'],
  ['?', 'help'],
] as const;

export function KeysHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t('keys.title')} onClose={onClose}>
      <dl className={styles.keys}>
        {KEYS.map(([key, name]) => (
          <div key={name}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`keys.${name}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
