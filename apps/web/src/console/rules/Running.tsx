import type { ProcessMove, ProcessVersion } from '@wanmi/contracts';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { useMayWrite } from './may.ts';
import { Move } from './Move.tsx';
import { MoveProgress } from './MoveProgress.tsx';
import { movesQuery, processesQuery } from './moves.ts';
import { useFileName, usePostNames } from './names.ts';
import styles from './rules.module.css';

/** 在办案卷: which version each runs on, and moving them to the one in force. */
export function Running() {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const may = useMayWrite();
  const fileName = useFileName();
  const processes = useQuery(processesQuery);
  const moves = useInfiniteQuery(movesQuery);
  const [moving, setMoving] = useState<ProcessVersion | null>(null);
  const versions = processes.data ?? [];
  const codes = [...new Set(versions.map((one) => one.code))];
  const old = versions.filter((one) => !one.inForce && one.cases > 0);
  const done = moves.data?.pages.flatMap((page) => page.items) ?? [];

  if (processes.error && !processes.data) {
    return <Failure error={processes.error} onRetry={() => void processes.refetch()} />;
  }
  if (!processes.data) return <Loading rows={8} />;
  if (moving) {
    const target = versions.find((one) => one.code === moving.code && one.inForce);
    if (target) return <Move from={moving} to={target} onClose={() => setMoving(null)} />;
  }
  return (
    <div className={styles.scroll}>
      <p className={styles.quiet}>{t('running.hint')}</p>
      {codes.map((code) => (
        <section key={code} aria-label={fileName(`process/${code}.bpmn`)} className={styles.reportPart}>
          <h2>{fileName(`process/${code}.bpmn`)}</h2>
          <ul className={styles.lines}>
            {versions
              .filter((one) => one.code === code && (one.inForce || one.cases > 0))
              .map((one) => (
                <li key={one.id}>
                  <span className={styles.main}>
                    <span className={styles.versionLine}>
                      <strong>{t('version', { n: one.version })}</strong>
                      {one.inForce && (
                        <span className={styles.tag} data-kind="inForce">
                          {t('history.state.inForce')}
                        </span>
                      )}
                      <span>{t('running.cases', { n: format.number(one.cases) })}</span>
                    </span>
                    <span className={styles.quiet}>
                      {t('running.since', { at: format.instant(one.validFrom) })}
                    </span>
                  </span>
                  {may && !one.inForce && one.cases > 0 && (
                    <span className={styles.lineActions}>
                      <Button onClick={() => setMoving(one)}>{t('running.move')}</Button>
                    </span>
                  )}
                </li>
              ))}
          </ul>
        </section>
      ))}
      {old.length === 0 && <Empty title={t('running.none')} hint={t('running.noneHint')} />}
      {moves.error && done.length === 0 && (
        <Failure error={moves.error} compact onRetry={() => void moves.refetch()} />
      )}
      {done.length > 0 && (
        <section aria-label={t('running.moves')} className={styles.reportPart}>
          <h2>{t('running.moves')}</h2>
          <ul className={styles.lines}>
            {done.map((one) => (
              <li key={one.id}>
                <OneMove move={one} />
              </li>
            ))}
          </ul>
          <More list={moves} />
        </section>
      )}
    </div>
  );
}

function OneMove({ move }: { move: ProcessMove }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const fileName = useFileName();
  const nameOf = usePostNames();
  return (
    <span className={styles.main}>
      <span className={styles.versionLine}>
        <strong>
          {t('running.title', {
            process: fileName(`process/${move.from.code}.bpmn`),
            from: move.from.version,
            to: move.to.version,
          })}
        </strong>
        <span className={styles.quiet}>
          {format.instant(move.startedAt)} {nameOf(move.startedBy)}
        </span>
      </span>
      <span>{move.reason}</span>
      <MoveProgress id={move.id} initial={move} />
    </span>
  );
}
