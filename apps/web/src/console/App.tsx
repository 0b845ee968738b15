import { RouterProvider } from '@tanstack/react-router';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ConfigProvider } from 'antd';
import enUS from 'antd/es/locale/en_US';
import zhCN from 'antd/es/locale/zh_CN';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { meQuery, wordsQuery } from '../shared/api/queries.ts';
import { ApiError } from '../shared/api/problem.ts';
import { useSession } from '../shared/api/session.ts';
import { useMode } from '../shared/mode.ts';
import { Failure } from '../shared/states/states.tsx';
import { TimeZone } from '../shared/time/useFormat.ts';
import { MeContext } from './me.ts';
import { makeRouter } from './router.tsx';
import { SessionExpired } from './shell/SessionExpired.tsx';
import { SignIn } from './shell/SignIn.tsx';
import { Toasts } from './shell/Toasts.tsx';
import { kitTheme } from './theme.ts';

const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce;

export function App() {
  return (
    <Kit>
      <Gate />
      <Toasts />
    </Kit>
  );
}

export function Kit({ children }: { children: ReactNode }) {
  const { i18n } = useTranslation();
  const mode = useMode();
  return (
    <ConfigProvider
      locale={i18n.language === 'en' ? enUS : zhCN}
      theme={kitTheme(mode)}
      // The kit puts a space into two-character buttons: 立 案.
      button={{ autoInsertSpace: false }}
      {...(nonce ? { csp: { nonce } } : {})}
      wave={{ disabled: true }}
    >
      {children}
    </ConfigProvider>
  );
}

/** Signed in: the rooms. Not yet: the door, with the address kept for afterwards. */
function Gate() {
  const queries = useQueryClient();
  const session = useSession();
  const me = useQuery({ ...meQuery, refetchInterval: 60_000 });
  // The city's own words are there before the first screen that says them; without them codes are shown.
  const words = useQuery({ ...wordsQuery, enabled: me.data !== undefined });
  const [router] = useState(() => makeRouter(queries));

  useEffect(() => {
    document.title = me.data ? `${me.data.city.name['zh-CN']} · 万米 Wanmi` : '万米 Wanmi';
  }, [me.data]);

  if (session === 'out' || (me.error instanceof ApiError && me.error.status === 401 && !me.data))
    return <SignIn />;
  if (me.data && words.isPending) return null;
  if (me.data) {
    return (
      <MeContext value={me.data}>
        <TimeZone value={me.data.city.timeZone}>
          <RouterProvider router={router} />
          {session === 'expired' && <SessionExpired me={me.data} />}
        </TimeZone>
      </MeContext>
    );
  }
  if (me.error) return <Failure error={me.error} onRetry={() => void me.refetch()} />;
  return null;
}
