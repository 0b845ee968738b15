import { useMutation } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../../shared/api/client.ts';
import { sessionOpened } from '../../shared/api/session.ts';
import { Failure } from '../../shared/states/states.tsx';
import { Dialog } from './Dialog.tsx';
import styles from './shell.module.css';
import { toast } from './toasts.ts';

const SHORTEST = 10;

export function Password({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const change = useMutation({
    mutationFn: () => post<{ csrf: string }>('/me/password', { current, next }),
    onSuccess: ({ csrf }) => {
      sessionOpened(csrf);
      toast(t('account.passwordChanged'));
      onClose();
    },
  });
  const short = next !== '' && next.length < SHORTEST;
  const differs = again !== '' && again !== next;
  return (
    <Dialog title={t('account.password')} onClose={onClose}>
      <form
        className={styles.dialogForm}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <label htmlFor="password-current">{t('account.passwordCurrent')}</label>
        <Input.Password
          id="password-current"
          autoComplete="current-password"
          autoFocus
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
        />
        <label htmlFor="password-next">{t('account.passwordNext')}</label>
        <Input.Password
          id="password-next"
          autoComplete="new-password"
          value={next}
          aria-describedby="password-hint"
          {...(short ? { status: 'error' as const } : {})}
          onChange={(event) => setNext(event.target.value)}
        />
        <p id="password-hint" className={styles.quiet}>
          {t('account.passwordHint', { n: SHORTEST })}
        </p>
        <label htmlFor="password-again">{t('account.passwordAgain')}</label>
        <Input.Password
          id="password-again"
          autoComplete="new-password"
          value={again}
          {...(differs ? { status: 'error' as const } : {})}
          onChange={(event) => setAgain(event.target.value)}
        />
        {differs && <p className={styles.fault}>{t('account.passwordDiffers')}</p>}
        {change.error && <Failure error={change.error} compact />}
        <div className={styles.dialogActions}>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button
            type="primary"
            htmlType="submit"
            loading={change.isPending}
            disabled={!current || next.length < SHORTEST || next !== again}
          >
            {t('account.passwordChange')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
