import type { Me } from '@wanmi/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { post } from '../../shared/api/client.ts';
import { meQuery } from '../../shared/api/queries.ts';
import { sessionOpened } from '../../shared/api/session.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useMe } from '../me.ts';
import { landing } from '../rooms.ts';
import { Menu } from './Menu.tsx';
import styles from './shell.module.css';

/** A person acts through one post at a time; what is on the screen is the work of that post. */
export function PostSwitcher() {
  const { t } = useTranslation();
  const text = useText();
  const me = useMe();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const change = useMutation({
    mutationFn: (postId: string) => post<Me>('/me/post', { postId }),
    onSuccess: async (fresh) => {
      sessionOpened(fresh.csrf);
      queries.removeQueries({ predicate: ({ queryKey: [first] }) => first !== 'me' });
      queries.setQueryData(meQuery.queryKey, fresh);
      await navigate({ to: landing(fresh) });
    },
  });

  const current = (
    <span className={styles.post}>
      <strong>{text(me.post.roleName)}</strong>
      <span>{text(me.post.unit.name)}</span>
    </span>
  );
  if (me.posts.length < 2) return <div className={styles.onePost}>{current}</div>;
  return (
    <Menu label={t('shell.switchPost')} button={current} className={styles.postButton} width={300}>
      {(close) => (
        <>
          <ul className={styles.list}>
            {me.posts.map((one) => (
              <li key={one.id}>
                <button
                  type="button"
                  aria-pressed={one.id === me.post.id}
                  disabled={change.isPending}
                  onClick={() => {
                    if (one.id === me.post.id) close();
                    else change.mutate(one.id, { onSuccess: close });
                  }}
                >
                  <strong>{text(one.roleName)}</strong>
                  <span className={styles.quiet}>
                    {text(one.unit.name)}
                    {one.scope.region ? ` · ${text(one.scope.region.name)}` : ''}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {change.error && <Failure error={change.error} compact />}
        </>
      )}
    </Menu>
  );
}
