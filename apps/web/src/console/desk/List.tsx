import type { Task } from '@wanmi/contracts';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useEffectEvent, useImperativeHandle, useRef, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import styles from './desk.module.css';
import type { Box } from './Filters.tsx';
import { Row } from './Row.tsx';
import type { useTaskList } from './useTaskList.ts';

export interface ListHandle {
  scrollTo: (index: number) => void;
}

const ROW = 57;

export function List({
  ref,
  box,
  live,
  selected,
  filtered,
  kind,
  onOpen,
  onClear,
}: {
  ref: Ref<ListHandle>;
  box: 'open' | 'done';
  live: ReturnType<typeof useTaskList>;
  selected: string | undefined;
  filtered: boolean;
  /** The box of another kind of work that is open, and nothing else is filtered. */
  kind: Box | undefined;
  onOpen: (task: Task) => void;
  onClear: () => void;
}) {
  const { t } = useTranslation();
  const { list, tasks, marks, waiting } = live;
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
    getItemKey: (index) => tasks[index]?.id ?? index,
  });
  useImperativeHandle(ref, () => ({
    scrollTo: (index) => {
      if (index >= 0) rows.scrollToIndex(index, { align: 'auto' });
    },
  }));

  const last = rows.getVirtualItems().at(-1)?.index ?? 0;
  const more = useEffectEvent(() => {
    if (list.hasNextPage && !list.isFetchingNextPage && !list.isError) void list.fetchNextPage();
  });
  const near = last >= tasks.length - 15;
  useEffect(() => {
    if (near) more();
  }, [near, tasks.length]);

  async function takeIn() {
    await live.takeIn();
    scroller.current?.scrollTo({ top: 0 });
  }

  const gone = [...marks.values()].filter((mark) => mark === 'gone').length;
  return (
    <div className={styles.listBody}>
      {(waiting > 0 || gone > 0) && (
        <button type="button" className={styles.waiting} onClick={() => void takeIn()}>
          {[waiting > 0 && t('desk.new', { n: waiting }), gone > 0 && t('desk.gone', { n: gone })]
            .filter(Boolean)
            .join(' · ')}{' '}
          <strong>{t('desk.takeIn')}</strong>
        </button>
      )}
      {list.isPending && <Loading rows={12} />}
      {list.error && tasks.length === 0 && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && tasks.length === 0 && (
        <Empty
          title={
            kind
              ? t('desk.noneIn', { box: t(`desk.boxes.${kind}`) })
              : t(filtered ? 'desk.noMatch' : box === 'done' ? 'desk.noneDone' : 'desk.none')
          }
          hint={t(
            filtered && !kind ? 'desk.noMatchHint' : box === 'done' ? 'desk.noneDoneHint' : 'desk.noneHint',
          )}
          action={
            filtered ? (
              <button type="button" className={styles.clear} onClick={onClear}>
                {t('desk.clear')}
              </button>
            ) : undefined
          }
        />
      )}
      <div ref={scroller} className={styles.scroller} hidden={tasks.length === 0}>
        <ul className={styles.rows} style={{ height: rows.getTotalSize() }} aria-label={t('desk.list')}>
          {rows.getVirtualItems().map((item) => {
            const task = tasks[item.index];
            return (
              task && (
                <Row
                  key={item.key}
                  task={task}
                  top={item.start}
                  height={ROW}
                  place={item.index + 1}
                  count={list.hasNextPage ? -1 : tasks.length}
                  selected={task.id === selected}
                  mark={marks.get(task.id)}
                  onOpen={onOpen}
                />
              )
            );
          })}
        </ul>
        {list.isFetchNextPageError && (
          <Failure error={list.error} compact onRetry={() => void list.fetchNextPage()} />
        )}
      </div>
    </div>
  );
}
