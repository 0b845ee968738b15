import type { MoveProblem, ProcessMove } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { useMayWrite } from './may.ts';
import { moveQuery } from './moves.ts';
import { RULES } from './queries.ts';
import styles from './rules.module.css';

/** How far a move is, and which cases stayed where they were. */
export function MoveProgress({ id, initial }: { id: string; initial: ProcessMove }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const may = useMayWrite();
  const query = useQuery({ ...moveQuery(id), initialData: initial, enabled: initial.state === 'running' });
  const cancel = useSend<ProcessMove>([[...RULES, 'move', id]]);
  const move = query.data;
  return (
    <>
      {move.state === 'running' && (
        <progress
          className={styles.progress}
          value={move.total === 0 ? undefined : move.done / move.total}
          aria-label={t('running.state.running')}
        />
      )}
      <span className={styles.versionLine}>
        <span className={styles.tag}>{t(`running.state.${move.state}`)}</span>
        <span role="status">
          {t('running.progress', {
            done: format.number(move.done),
            total: format.number(move.total),
            moved: format.number(move.moved),
            stayed: format.number(move.stayed),
          })}
        </span>
        {may && move.state === 'running' && (
          <Button
            loading={cancel.isPending}
            onClick={() => cancel.mutate({ path: `/rules/process-moves/${id}/cancel` })}
          >
            {t('running.cancel')}
          </Button>
        )}
      </span>
      {cancel.error && <Failure error={cancel.error} compact />}
      <MoveProblems problems={move.problems} />
    </>
  );
}

/** Why cases stay, with the first of them to look at. */
export function MoveProblems({ problems }: { problems: readonly MoveProblem[] }) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  if (problems.length === 0) return null;
  return (
    <ul className={styles.findings}>
      {problems.map((one, index) => (
        <li key={index}>
          <span className={styles.wrong}>{t(`running.problem.${one.code}`)}</span>
          {one.node && <code className={styles.path}>{one.node}</code>}
          <span>{t('running.cases', { n: format.number(one.cases) })}</span>
          {one.examples.slice(0, 3).map((example) => (
            <Link key={example.id} to="/cases/$caseId" params={{ caseId: example.id }} preload={false}>
              {example.caseNo}
            </Link>
          ))}
        </li>
      ))}
    </ul>
  );
}
