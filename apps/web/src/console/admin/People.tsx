import type { Person } from '@wanmi/contracts';
import { ROLES, ROLE_NAMES } from '@wanmi/contracts/words';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { unitsQuery } from '../../shared/api/queries.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useSettled } from '../../shared/useSettled.ts';
import styles from './admin.module.css';
import { More } from './More.tsx';
import { pagesQuery } from './usePages.ts';

/** Who works here: names, posts, units, how far each may see. Telephone numbers come masked. */
export function People() {
  const { t } = useTranslation();
  const text = useText();
  const [words, setWords] = useState('');
  const [role, setRole] = useState('');
  const [unitId, setUnitId] = useState('');
  const q = useSettled(words.trim(), 300);
  const units = useQuery(unitsQuery);
  const list = useInfiniteQuery(pagesQuery<Person>('/people', { q, role, unitId }));
  const people = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t('room.people')}</h1>
        <div className={styles.filters}>
          <Input
            allowClear
            aria-label={t('people.find')}
            placeholder={t('people.find')}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
          <Select
            aria-label={t('people.role')}
            value={role}
            options={[
              { value: '', label: t('people.anyRole') },
              ...ROLES.map((one) => ({ value: one as string, label: text(ROLE_NAMES[one]) })),
            ]}
            onChange={setRole}
          />
          <Select
            aria-label={t('people.unit')}
            showSearch={{ optionFilterProp: 'label' }}
            value={unitId}
            options={[
              { value: '', label: t('people.anyUnit') },
              ...(units.data ?? []).map((one) => ({ value: one.id, label: text(one.name) })),
            ]}
            onChange={setUnitId}
          />
        </div>
      </header>
      {list.error && people.length === 0 && (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isPending && <Loading rows={10} />}
      {list.isSuccess && people.length === 0 && (
        <Empty title={t('people.none')} hint={t('cases.noMatchHint')} />
      )}
      {people.length > 0 && (
        <section className={styles.scroll} aria-label={t('room.people')} tabIndex={0}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('people.name')}</th>
                <th scope="col">{t('people.username')}</th>
                <th scope="col">{t('people.posts')}</th>
                <th scope="col">{t('people.scope')}</th>
                <th scope="col">{t('people.phone')}</th>
                <th scope="col">{t('people.state')}</th>
              </tr>
            </thead>
            <tbody>
              {people.map((person) => (
                <tr key={person.id}>
                  <th scope="row">{person.name}</th>
                  <td>
                    <code>{person.username}</code>
                  </td>
                  <td>
                    {person.posts.map((post) => (
                      <div key={post.id}>
                        {text(post.roleName)} <span className={styles.quiet}>{text(post.unit.name)}</span>
                      </div>
                    ))}
                    {person.posts.length === 0 && '—'}
                  </td>
                  <td>
                    {person.posts.map((post) => (
                      <div key={post.id}>
                        {post.scope.region ? text(post.scope.region.name) : t(`scope.${post.scope.kind}`)}
                      </div>
                    ))}
                  </td>
                  <td>{person.phone ?? '—'}</td>
                  <td>{t(person.active ? 'people.active' : 'people.inactive')}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <More list={list} />
        </section>
      )}
    </div>
  );
}
