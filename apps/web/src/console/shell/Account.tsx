import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../../shared/api/client.ts';
import { sessionClosed } from '../../shared/api/session.ts';
import { MODES, setMode, useModeChoice } from '../../shared/mode.ts';
import { useMe } from '../me.ts';
import { LanguageSwitch } from './LanguageSwitch.tsx';
import { Menu } from './Menu.tsx';
import { Password } from './Password.tsx';
import styles from './shell.module.css';

export function Account() {
  const { t } = useTranslation();
  const me = useMe();
  const mode = useModeChoice();
  const [password, setPassword] = useState(false);
  const leave = useMutation({
    mutationFn: () => post('/auth/logout', undefined, { renew: false }),
    // Whatever the server said, this screen shows nothing of the person any more.
    onSettled: () => {
      sessionClosed();
      location.assign('/console/');
    },
  });
  return (
    <>
      <Menu
        label={t('account.title', { name: me.person.name })}
        button={<span className={styles.avatar}>{me.person.name.slice(0, 1)}</span>}
        width={240}
      >
        {(close) => (
          <div className={styles.account}>
            <p>
              <strong>{me.person.name}</strong> <span className={styles.quiet}>{me.person.username}</span>
            </p>
            <fieldset className={styles.segments}>
              <legend>{t('account.mode')}</legend>
              {MODES.map((one) => (
                <button key={one} type="button" aria-pressed={one === mode} onClick={() => setMode(one)}>
                  {t(`account.modes.${one}`)}
                </button>
              ))}
            </fieldset>
            <span className={styles.narrowOnly}>
              <LanguageSwitch />
            </span>
            <button
              type="button"
              className={styles.rowButton}
              onClick={() => {
                close();
                setPassword(true);
              }}
            >
              {t('account.password')}
            </button>
            <button type="button" className={styles.rowButton} onClick={() => leave.mutate()}>
              {t('account.signOut')}
            </button>
          </div>
        )}
      </Menu>
      {password && <Password onClose={() => setPassword(false)} />}
    </>
  );
}
