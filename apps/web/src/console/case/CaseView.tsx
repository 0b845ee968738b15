import type { ActionReply, CaseCard, CaseDetail, Task } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { caseQuery } from '../../shared/api/queries.ts';
import { Compare } from '../../shared/photos/Compare.tsx';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useMay } from '../me.ts';
import { ActionDock } from './ActionDock.tsx';
import { Applications } from './Applications.tsx';
import type { Asked } from './asked.ts';
import { Assignments } from './Assignments.tsx';
import styles from './case.module.css';
import { Facts } from './Facts.tsx';
import { Head } from './Head.tsx';
import { Links } from './Links.tsx';
import { Reports } from './Reports.tsx';
import { Timeline } from './Timeline.tsx';

/**
 * The case from top to bottom: what and where, lamp and who has it, photos before | after, facts, actions,
 * timeline. The actions are docked below, so that they are in one place whatever is read above them.
 */
export function CaseView({
  caseId,
  card,
  taskId,
  onDone,
  onBack,
  linkToPage = false,
}: {
  caseId: string;
  /** What a list knows already: shown until the whole case is here. */
  card?: CaseCard | undefined;
  taskId?: string | undefined;
  onDone?: ((reply: ActionReply, task: Task) => void) | undefined;
  onBack?: (() => void) | undefined;
  linkToPage?: boolean;
}) {
  const detail = useQuery(caseQuery(caseId));
  const seen = useSeen(detail.data);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Newer browsers answer with a promise, which is no clean-up.
    void scroller.current?.scrollTo(0, 0);
  }, [caseId]);

  const [open, setOpen] = useState<Asked | null>(null);
  // What was chosen among several tasks holds until the list opens another.
  const [chosen, setChosen] = useState<{ opened: string | undefined; id: string } | null>(null);

  const head = detail.data ?? card;
  const mine = detail.data?.tasks.filter((task) => task.actions.length > 0) ?? [];
  // The task that this person may act on: the one that was chosen or that the list opened, else the first.
  const task =
    mine.find((one) => chosen !== null && chosen.opened === taskId && one.id === chosen.id) ??
    mine.find((one) => one.id === taskId) ??
    mine[0];
  return (
    <article className={styles.view}>
      <div ref={scroller} className={styles.scroll}>
        {head && (
          <Head
            card={head}
            detail={detail.data}
            onBack={onBack}
            linkToPage={linkToPage}
            changed={seen.changed}
          />
        )}
        {detail.error && !detail.data ? (
          <Failure error={detail.error} onRetry={() => void detail.refetch()} />
        ) : detail.data ? (
          <Body detail={detail.data} seenVersion={seen.version} onAsk={setOpen} />
        ) : (
          <Loading rows={9} />
        )}
      </div>
      {detail.data && (
        <ActionDock
          detail={detail.data}
          task={task}
          mine={mine}
          open={open}
          onOpen={setOpen}
          onTask={(one) => setChosen({ opened: taskId, id: one.id })}
          onActed={(version) => seen.see(version)}
          onDone={onDone}
        />
      )}
    </article>
  );
}

function Body({
  detail,
  seenVersion,
  onAsk,
}: {
  detail: CaseDetail;
  seenVersion: number;
  onAsk: (asked: Asked) => void;
}) {
  const { t } = useTranslation();
  const reads = useMay('report.read');
  const waits = detail.applications.some((one) => one.state === 'pending');
  // The case that it went into stands in the head.
  const links = detail.links.filter((one) => one.id !== detail.mergedInto?.id);
  return (
    <div className={styles.body}>
      <p className={styles.description}>{detail.description}</p>
      <Compare media={detail.media} />
      {/* What waits for a decision is read before the facts; what was decided after them. */}
      {waits && <Applications detail={detail} onAsk={onAsk} />}
      <Facts detail={detail} />
      {detail.assignments.length > 0 && <Assignments assignments={detail.assignments} />}
      {!waits && detail.applications.length > 0 && <Applications detail={detail} onAsk={onAsk} />}
      {links.length > 0 && <Links links={links} />}
      {reads && <Reports detail={detail} />}
      <section aria-label={t('timeline.title')}>
        <Timeline detail={detail} seenVersion={seenVersion} />
      </section>
    </div>
  );
}

/**
 * The version that was on the screen first: what came after it is marked as new. What the person did is not news.
 */
function useSeen(detail: CaseDetail | undefined) {
  const [first, setFirst] = useState<{ id: string; version: number } | null>(null);
  if (detail && first?.id !== detail.id) setFirst({ id: detail.id, version: detail.version });
  const version = first && detail && first.id === detail.id ? first.version : (detail?.version ?? 0);
  return {
    version,
    changed: detail !== undefined && detail.version > version,
    see(next: number) {
      setFirst((now) => now && { ...now, version: Math.max(now.version, next) });
    },
  };
}
