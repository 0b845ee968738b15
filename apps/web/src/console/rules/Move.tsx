import type { MoveMap, MoveNode, ProcessMoveReply, ProcessVersion } from '@wanmi/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useEffect, useEffectEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { MoveProblems, MoveProgress } from './MoveProgress.tsx';
import { useFileName } from './names.ts';
import { RULES } from './queries.ts';
import styles from './rules.module.css';

/** 迁移: tried first, node by node; then carried out with a reason and watched. */
export function Move({
  from,
  to,
  onClose,
}: {
  from: ProcessVersion;
  to: ProcessVersion;
  onClose: () => void;
}) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const fileName = useFileName();
  const queries = useQueryClient();
  const id = useId();
  const [map, setMap] = useState<MoveMap>({});
  const [reason, setReason] = useState('');
  const tried = useSend<ProcessMoveReply>();
  const move = useSend<ProcessMoveReply>([
    [...RULES, 'moves'],
    [...RULES, 'processes'],
  ]);
  const body = { fromVersion: from.id, toVersion: to.id };

  const attempt = useEffectEvent((by: MoveMap) =>
    tried.mutate({ path: '/rules/process-moves', body: { ...body, map: by, dryRun: true } }),
  );
  useEffect(() => attempt(map), [map]);

  const report = tried.data?.report;
  const begun = move.data?.move;
  const nodes = report?.nodes.filter((node) => node.cases > 0) ?? [];
  const idle = report?.nodes.filter((node) => node.cases === 0 && node.to === null) ?? [];
  const title = t('running.title', {
    process: fileName(`process/${from.code}.bpmn`),
    from: from.version,
    to: to.version,
  });
  const target = (node: string): string => {
    const found = report?.targets.find((one) => one.node === node);
    return found?.name ? `${found.name} ${node}` : node;
  };
  const close = () => {
    void queries.invalidateQueries({ queryKey: [...RULES, 'processes'] });
    void queries.invalidateQueries({ queryKey: [...RULES, 'moves'] });
    onClose();
  };
  const row = (node: MoveNode) => (
    <tr key={node.node}>
      <td>
        {node.name || node.node} <code className={styles.path}>{node.node}</code>
      </td>
      <td>{t(`running.node.${node.kind}`)}</td>
      <td>
        <select
          aria-label={t('running.to', { node: node.name || node.node })}
          value={node.to ?? ''}
          disabled={tried.isPending || begun !== undefined}
          onChange={(event) => {
            const { [node.node]: _old, ...rest } = map;
            setMap(event.target.value === '' ? rest : { ...rest, [node.node]: event.target.value });
          }}
        >
          <option value="">{t('running.stays')}</option>
          {[...new Set([...(node.to ? [node.to] : []), ...node.options])].map((option) => (
            <option key={option} value={option}>
              {target(option)}
            </option>
          ))}
        </select>
      </td>
      <td>{t('running.movable', { n: format.number(node.movable), of: format.number(node.cases) })}</td>
      <td>
        {node.changes.length === 0
          ? '—'
          : node.changes.map((change) => t(`running.change.${change}`)).join(t('running.and'))}
      </td>
    </tr>
  );
  return (
    <div className={styles.scroll}>
      <div className={styles.filters}>
        <Button onClick={close}>{t('running.back')}</Button>
        <strong>{title}</strong>
      </div>
      {tried.error && <Failure error={tried.error} onRetry={() => attempt(map)} />}
      {!report && tried.isPending && <Loading rows={8} />}
      {report && !begun && (
        <>
          <section className={styles.card} aria-label={t('running.report')}>
            <p className={styles.headline} role="status">
              {t('running.headline', {
                n: format.number(report.cases),
                movable: format.number(report.movable),
                stay: format.number(report.tried - report.movable),
              })}
            </p>
            {report.tried < report.cases && (
              <p className={styles.quiet}>{t('running.sample', { n: format.number(report.tried) })}</p>
            )}
            <MoveProblems problems={report.problems} />
          </section>
          {nodes.length > 0 && (
            <div className={styles.sideways} tabIndex={-1}>
              <table className={styles.reportTable}>
                <thead>
                  <tr>
                    <th scope="col">{t('running.from')}</th>
                    <th scope="col">{t('running.kind')}</th>
                    <th scope="col">{t('running.target')}</th>
                    <th scope="col">{t('running.casesHead')}</th>
                    <th scope="col">{t('running.changes')}</th>
                  </tr>
                </thead>
                <tbody>{nodes.map(row)}</tbody>
              </table>
            </div>
          )}
          {idle.length > 0 && (
            <p className={styles.quiet}>{t('running.idle', { n: format.number(idle.length) })}</p>
          )}
          <form
            className={styles.filters}
            onSubmit={(event) => {
              event.preventDefault();
              move.mutate({
                path: '/rules/process-moves',
                body: { ...body, map, dryRun: false, reason: reason.trim() },
              });
            }}
          >
            <label htmlFor={id}>{t('reason')}</label>
            <Input
              id={id}
              className={styles.nameInput!}
              value={reason}
              maxLength={500}
              onChange={(event) => setReason(event.target.value)}
            />
            <Button
              type="primary"
              htmlType="submit"
              loading={move.isPending}
              disabled={!reason.trim() || report.movable === 0 || tried.isPending}
            >
              {t('running.do', { n: format.number(report.movable) })}
            </Button>
          </form>
          {move.error && <Failure error={move.error} compact />}
        </>
      )}
      {begun && (
        <section className={styles.card} aria-label={t('running.state.running')}>
          <MoveProgress id={begun.id} initial={begun} />
        </section>
      )}
    </div>
  );
}
