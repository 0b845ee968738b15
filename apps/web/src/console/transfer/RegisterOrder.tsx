import type { CaseBatch, CaseBatchOrder } from '@wanmi/contracts';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { Pace } from './Pace.tsx';
import { ordersQuery, TRANSFER } from './queries.ts';
import styles from './transfer.module.css';
import { faultOf } from './words.ts';

/** How far something is that was asked of a register. */
export function Doing({ order }: { order: CaseBatchOrder }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const { kind, done, total, perSecond, secondsLeft } = order;
  const word = t(`cases.order.${kind}`);
  const progress = t('cases.order.progress', { done: format.number(done), total: format.number(total) });
  return (
    <Pace
      label={word}
      done={done}
      of={total > 0 ? total : null}
      words={`${word} · ${progress}`}
      rate={
        perSecond === null
          ? null
          : t('cases.order.rate', { n: format.number(Math.max(1, Math.round(perSecond))) })
      }
      secondsLeft={secondsLeft}
    />
  );
}

/** The same on the register's own page: an adoption can be stopped there. */
export function Running({ batch, order }: { batch: CaseBatch; order: CaseBatchOrder }) {
  const { t } = useTranslation('transfer');
  const cancel = useSend<CaseBatch>([TRANSFER]);
  return (
    <section className={styles.card} aria-label={t(`cases.order.${order.kind}`)}>
      <Doing order={order} />
      <div className={styles.line}>
        {order.kind === 'adopt' && (
          <Button
            loading={cancel.isPending}
            onClick={() => cancel.mutate({ path: `/transfer/cases/${batch.id}/cancel` })}
          >
            {t('cases.stop')}
          </Button>
        )}
        <span className={styles.quiet}>
          {order.kind === 'adopt' && `${t('cases.stopped')} `}
          {t('cases.order.background')}
        </span>
      </div>
      {cancel.error && <Failure error={cancel.error} compact />}
    </section>
  );
}

/** 已做的操作: everything that was asked of a register, the newest first. */
export function Orders({ batch }: { batch: CaseBatch }) {
  const { t } = useTranslation('transfer');
  const list = useInfiniteQuery({ ...ordersQuery(batch), enabled: batch.order !== null });
  if (batch.order === null) return null;
  const orders = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className={styles.rejects} aria-label={t('cases.order.title')}>
      <h3 className={styles.title}>{t('cases.order.title')}</h3>
      {list.isPending && <Loading rows={2} />}
      {list.error && orders.length === 0 && (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      )}
      {orders.length > 0 && (
        <>
          <ul className={styles.exports}>
            {orders.map((order) => (
              <Order key={order.id} order={order} />
            ))}
          </ul>
          {list.hasNextPage && <More list={list} />}
        </>
      )}
    </section>
  );
}

function Order({ order }: { order: CaseBatchOrder }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const { kind, state, total, done, kept, units, categories, reason, problem, which } = order;
  const narrowed = [
    ...(which.agencies ?? []).map((name) => name || t('cases.adopting.nobody')),
    ...(which.types ?? []).map((name) => name || t('cases.adopting.nobody')),
    ...(which.since ? [t('cases.order.since', { at: format.instant(which.since) })] : []),
    ...(which.limit ? [t('cases.order.limit', { n: format.number(which.limit) })] : []),
  ].join(' · ');
  return (
    <li className={styles.order}>
      <p className={styles.line}>
        <strong>{t(`cases.order.${kind}`)}</strong>
        <span className={styles.state} data-state={state}>
          {t(`cases.order.${state}`)}
        </span>
        <span>{t('cases.order.progress', { done: format.number(done), total: format.number(total) })}</span>
        <span className={styles.quiet}>
          {format.instant(order.startedAt)}
          {order.byCommand && ` · ${t('cases.order.byCommand')}`}
        </span>
      </p>
      {narrowed !== '' && <p className={styles.quiet}>{t('cases.order.which', { text: narrowed })}</p>}
      {reason !== null && <p className={styles.said}>{t('cases.order.reason', { text: reason })}</p>}
      {kept > 0 && (
        <p>{t(kind === 'undo' ? 'cases.order.kept' : 'cases.order.skipped', { n: format.number(kept) })}</p>
      )}
      {units + categories > 0 && (
        <p className={styles.quiet}>
          {t('cases.order.made', { units: format.number(units), categories: format.number(categories) })}
        </p>
      )}
      {problem !== null && <Fault problem={problem} />}
    </li>
  );
}

export function Fault({ problem }: { problem: string }) {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  const { key } = faultOf(problem);
  return (
    <p className={styles.fault}>
      {t(`fault.${key}` as 'fault.other')} <small>{common('state.code', { code: problem })}</small>
    </p>
  );
}
