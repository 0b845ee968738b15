import type { Me } from '@wanmi/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../../shared/api/client.ts';
import { meQuery } from '../../shared/api/queries.ts';
import { sessionClosed, sessionOpened } from '../../shared/api/session.ts';
import { Failure } from '../../shared/states/states.tsx';
import { Dialog } from './Dialog.tsx';
import { signIn } from './SignIn.tsx';
import styles from './shell.module.css';

/** The session ended while somebody worked: the page stays as it is behind this, what was typed is kept. */
export function SessionExpired({ me }: { me: Me }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [password, setPassword] = useState('');

  const login = useMutation({
    mutationFn: async () => {
      let fresh = await signIn(me.person.username, password);
      if (fresh.post.id !== me.post.id && fresh.posts.some((one) => one.id === me.post.id)) {
        fresh = await post<Me>(
          '/me/post',
          { postId: me.post.id },
          { renew: false, headers: { 'x-csrf-token': fresh.csrf } },
        );
      }
      return fresh;
    },
    onSuccess: (fresh) => {
      queries.setQueryData(meQuery.queryKey, fresh);
      sessionOpened(fresh.csrf);
    },
  });

  return (
    <Dialog title={t('session.title')} onClose={null}>
      <form
        className={styles.dialogForm}
        onSubmit={(event) => {
          event.preventDefault();
          if (password) login.mutate();
        }}
      >
        <p>{t('session.kept')}</p>
        <label htmlFor="renew-password">{t('session.passwordOf', { name: me.person.name })}</label>
        <input type="hidden" name="username" autoComplete="username" value={me.person.username} readOnly />
        <Input.Password
          id="renew-password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {login.error && <Failure error={login.error} compact />}
        <div className={styles.dialogActions}>
          <Button onClick={() => sessionClosed()}>{t('session.leave')}</Button>
          <Button type="primary" htmlType="submit" loading={login.isPending} disabled={!password}>
            {t('signIn.submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
