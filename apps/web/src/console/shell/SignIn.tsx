import type { DemoAccount, LoginReply, Me } from '@wanmi/contracts';
import { ROLE_NAMES } from '@wanmi/contracts/words';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Input, type InputRef } from 'antd';
import { useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { get, post } from '../../shared/api/client.ts';
import { meQuery, type Page } from '../../shared/api/queries.ts';
import { sessionOpened } from '../../shared/api/session.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import { syncClock } from '../../shared/time/clock.ts';
import { LanguageSwitch } from './LanguageSwitch.tsx';
import styles from './signin.module.css';

export async function signIn(username: string, password: string): Promise<Me> {
  const { me } = await post<LoginReply>('/auth/login', { username, password }, { renew: false });
  syncClock(me.now, me.clockRate);
  return me;
}

export function SignIn() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const secret = useRef<InputRef>(null);

  const login = useMutation({
    mutationFn: () => signIn(username.trim(), password),
    onSuccess: (me) => {
      queries.clear();
      queries.setQueryData(meQuery.queryKey, me);
      sessionOpened(me.csrf);
    },
    onError: () => secret.current?.focus({ cursor: 'all' }),
  });

  function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (username.trim() && password) login.mutate();
    else if (username.trim()) secret.current?.focus();
  }

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <header className={styles.head}>
          <img src="/mark.svg" alt="" width={32} height={32} />
          <div>
            <h1>{t('app.name')}</h1>
            <p className={styles.sub}>{t('app.claim')}</p>
          </div>
          <LanguageSwitch />
        </header>
        <form className={styles.form} onSubmit={onSubmit}>
          <label htmlFor="username">{t('signIn.username')}</label>
          <Input
            id="username"
            name="username"
            size="large"
            autoComplete="username"
            // The door has one field to begin with.
            autoFocus
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
          <label htmlFor="password">{t('signIn.password')}</label>
          <Input.Password
            id="password"
            name="password"
            size="large"
            ref={secret}
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          {login.error && <Failure error={login.error} compact />}
          <Button
            type="primary"
            size="large"
            htmlType="submit"
            block
            loading={login.isPending}
            disabled={!username.trim() || !password}
          >
            {t('signIn.submit')}
          </Button>
        </form>
        <DemoAccounts
          chosen={username}
          onPick={(name) => {
            setUsername(name);
            login.reset();
            secret.current?.focus({ cursor: 'all' });
          }}
        />
      </div>
    </main>
  );
}

/** A demo lists its people; elsewhere the route does not exist, and nothing is shown. */
function DemoAccounts({ chosen, onPick }: { chosen: string; onPick: (username: string) => void }) {
  const { t } = useTranslation();
  const text = useText();
  const [words, setWords] = useState('');
  const accounts = useQuery({
    queryKey: ['demoAccounts'],
    queryFn: async ({ signal }) =>
      (await get<Page<DemoAccount>>('/demo/accounts', { signal, renew: false })).items,
    retry: false,
    staleTime: Infinity,
  });
  if (!accounts.data?.length) return null;
  const shown = accounts.data.filter((account) =>
    [
      account.username,
      account.name,
      ...account.posts.flatMap((one) => [text(one.roleName), text(one.unit.name)]),
    ]
      .join(' ')
      .toLowerCase()
      .includes(words.trim().toLowerCase()),
  );
  return (
    <section className={styles.demo} aria-label={t('signIn.demo')}>
      <div className={styles.demoHead}>
        <h2>{t('signIn.demo')}</h2>
        <Input
          className={styles.demoSearch ?? ''}
          size="small"
          aria-label={t('signIn.demoFind')}
          placeholder={t('signIn.demoFind')}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </div>
      <p className={styles.sub}>{t('signIn.demoHint')}</p>
      <ul className={styles.accounts}>
        {shown.map((account) => (
          <li key={account.username}>
            <button
              type="button"
              aria-pressed={account.username === chosen}
              onClick={() => onPick(account.username)}
            >
              <span className={styles.person}>{account.name}</span>
              <span className={styles.post}>
                {account.posts
                  .map((one) => `${text(one.roleName ?? ROLE_NAMES[one.role])} · ${text(one.unit.name)}`)
                  .join(t('list.comma'))}
              </span>
              <code>{account.username}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
