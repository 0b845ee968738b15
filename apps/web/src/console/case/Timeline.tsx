import type { CaseDetail, CaseMedia, TimelineEntry } from '@wanmi/contracts';
import { ACTION_NAMES, EVENT_OF_ACTION, ROLE_NAMES } from '@wanmi/contracts/words';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import { timelineQuery } from '../../shared/api/queries.ts';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './case.module.css';
import { IntegrityBadge } from './IntegrityBadge.tsx';
import { notesOf, storyOf } from './story.ts';

/** The life of the case, latest first: when, what, who. What came while one looked is marked. */
export function Timeline({ detail, seenVersion }: { detail: CaseDetail; seenVersion: number }) {
  const { t } = useTranslation();
  const timeline = useInfiniteQuery(timelineQuery(detail.id));
  const entries = timeline.data?.pages.flatMap((page) => page.items).toReversed() ?? [];
  return (
    <>
      <header className={styles.sectionHead}>
        <h2>{t('timeline.title')}</h2>
        {detail.can.integrity && <IntegrityBadge key={detail.version} caseId={detail.id} />}
      </header>
      {timeline.error && <Failure error={timeline.error} compact onRetry={() => void timeline.refetch()} />}
      {timeline.isPending && <Loading rows={4} />}
      {timeline.hasNextPage && (
        <button type="button" className={styles.textButton} onClick={() => void timeline.fetchNextPage()}>
          {t('timeline.more')}
        </button>
      )}
      <ol className={styles.timeline}>
        {entries.map((entry) => (
          <Entry key={entry.seq} entry={entry} media={detail.media} fresh={entry.seq > seenVersion} />
        ))}
      </ol>
    </>
  );
}

function Entry({ entry, media, fresh }: { entry: TimelineEntry; media: CaseMedia[]; fresh: boolean }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const { actor } = entry;
  const who = actor
    ? [actor.name, actor.role && text(ROLE_NAMES[actor.role]), actor.unit && text(actor.unit.name)]
        .filter(Boolean)
        .join(' · ')
    : t('timeline.system');
  const pictures = media.filter((one) => entry.mediaIds.includes(one.id));
  const story = storyOf(entry, { t, text, format });
  const note = notesOf(entry, t, (key) => i18next.exists(key));
  return (
    <li data-fresh={fresh} data-system={actor === null} data-weight={weightOf(entry.type)}>
      <time>{format.instant(entry.at)}</time>
      <div>
        <p>
          <strong>{eventName(entry)}</strong>
          {story.map((piece, index) => (
            <span key={index}>
              {' '}
              {'caseId' in piece ? (
                <Link to="/cases/$caseId" params={{ caseId: piece.caseId }} className={styles.number}>
                  {piece.caseNo}
                </Link>
              ) : (
                piece.text
              )}
            </span>
          ))}
          {fresh && <span className={styles.changed}>{t('timeline.fresh')}</span>}
        </p>
        <p className={styles.quiet}>{who}</p>
        {note && <p className={styles.note}>{note}</p>}
        {pictures.length > 0 && (
          <p className={styles.pictures}>
            {pictures.map((one) => (
              <img
                key={one.id}
                src={one.thumbnailUrl ?? one.url}
                alt={t(`media.purpose.${one.purpose}`)}
                loading="lazy"
              />
            ))}
          </p>
        )}
      </div>
    </li>
  );

  function eventName({ action, type }: TimelineEntry): string {
    const key = `event.${type}`;
    if (i18next.exists(key)) return t(key as 'event.case.reported');
    const verb = action ?? VERBS.get(type);
    return verb ? text(wordOf(ACTION_NAMES, verb)) : type;
  }
}

/** The verb whose past an entry is. */
const VERBS = new Map(Object.entries(EVENT_OF_ACTION).map(([action, type]) => [type, action]));

/** What somebody above the work said stands out among the many entries. */
function weightOf(type: string): string | undefined {
  return /^case\.(supervised|instructed|urged)$|^task\.escalated$/.test(type) ? 'mark' : undefined;
}
