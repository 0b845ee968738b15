import type { ActionReply, Task } from '@wanmi/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { caseQuery } from '../../shared/api/queries.ts';
import { readClock } from '../../shared/lamp/lamp.ts';
import { CaseMap } from '../../shared/map/CaseMap.tsx';
import { Empty } from '../../shared/states/states.tsx';
import { serverNow } from '../../shared/time/clock.ts';
import { useSettled } from '../../shared/useSettled.ts';
import { useWide } from '../../shared/useWide.ts';
import { CaseView } from '../case/CaseView.tsx';
import { useMe } from '../me.ts';
import type { DeskSearch } from '../router.tsx';
import { typing } from '../shell/keys.ts';
import { useRevision } from '../useRevision.ts';
import styles from './desk.module.css';
import { Filters, isBox } from './Filters.tsx';
import { List, type ListHandle } from './List.tsx';
import { Splitter, usePane } from './Splitter.tsx';
import { useTaskList } from './useTaskList.ts';

const NARROW = 700;
const WIDE = 1200;

/** The workbench of a post: list, case, map. */
export function Desk() {
  const { t } = useTranslation();
  const me = useMe();
  const search = useSearch({ from: '/desk' });
  const navigate = useNavigate({ from: '/desk' });
  const router = useRouter();
  const queries = useQueryClient();
  const [words, setWords] = useState('');
  const settled = useSettled(words.trim(), 300);
  const box = search.box ?? 'open';
  const live = useTaskList(
    {
      box,
      step: search.step,
      lamp: search.lamp,
      source: search.source,
      q: settled.length >= 2 ? settled : undefined,
    },
    search.task,
  );
  const { tasks } = live;

  const wide = useWide(WIDE);
  const narrow = !useWide(NARROW);
  const [mapWanted, setMapWanted] = useState<boolean | null>(null);
  const mapOpen = mapWanted ?? wide;
  const [listWidth, setListWidth] = usePane('desk.list', 380, 300, 560);
  const [mapWidth, setMapWidth] = usePane('desk.map', 380, 260, 720);
  const list = useRef<ListHandle>(null);
  const filter = useRef<HTMLDivElement>(null);

  const index = tasks.findIndex((task) => task.id === search.task);
  const task = tasks[index];
  // A task that left the list (somebody finished it, a filter hid it) stays open until another is chosen.
  const [lastOpen, setLastOpen] = useState<Task | undefined>(undefined);
  if (task && task !== lastOpen) setLastOpen(task);
  const opened = task ?? (lastOpen?.id === search.task ? lastOpen : undefined);

  function open(next: Task | undefined, replace = true) {
    void navigate({ search: (now: DeskSearch) => withTaskId(now, next?.id), replace });
    if (next) {
      live.see(next.id);
      list.current?.scrollTo(tasks.findIndex((one) => one.id === next.id));
    }
  }

  // On a wide desk something is always open; on a phone the list comes first.
  const openFirst = useEffectEvent(() => {
    // Who is already on the way to another room is not called back.
    if (!router.latestLocation.pathname.endsWith('/desk')) return;
    if (!narrow && !search.task && tasks[0]) open(tasks[0]);
  });
  const firstId = tasks[0]?.id;
  useEffect(() => openFirst(), [firstId, search.task]);

  // What comes next is read ahead, so that it stands there at once.
  const nextCase = tasks[index + 1]?.caseId;
  useEffect(() => {
    if (nextCase && index >= 0) void queries.prefetchQuery(caseQuery(nextCase));
  }, [queries, nextCase, index]);

  function done(_reply: ActionReply, finished: Task) {
    const at = tasks.findIndex((one) => one.id === finished.id);
    const next = tasks[at + 1] ?? tasks[at - 1];
    live.remove(finished.id);
    setLastOpen(undefined);
    open(narrow ? undefined : next);
  }

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    // While a form is open its case stays: what is typed there must not be lost to a letter.
    if (typing(event) || document.querySelector('[data-sheet]')) return;
    switch (event.key) {
      case 'j':
        open(tasks[Math.min(index + 1, tasks.length - 1)]);
        break;
      case 'k':
        open(tasks[Math.max(index - 1, 0)]);
        break;
      case 'Enter':
        if (event.target === document.body && opened) {
          void navigate({ to: '/cases/$caseId', params: { caseId: opened.caseId } });
        }
        break;
      case 'm':
        setMapWanted(!mapOpen);
        break;
      case '/':
        event.preventDefault();
        filter.current?.querySelector('input')?.focus();
        break;
    }
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);

  const revision = useRevision();
  const showsCase = opened !== undefined && (!narrow || search.task !== undefined);
  return (
    <div className={styles.desk} data-map={mapOpen}>
      <h1 className="visuallyHidden">{t('room.desk')}</h1>
      <section
        className={styles.listPane}
        style={narrow ? undefined : { width: listWidth }}
        aria-label={t('desk.list')}
        hidden={narrow && showsCase}
      >
        <div ref={filter}>
          <Filters
            search={search}
            onSearch={(change) =>
              void navigate({ search: (now: DeskSearch) => merge(now, change), replace: true })
            }
            words={words}
            onWords={setWords}
            mapOpen={mapOpen}
            onMap={() => setMapWanted(!mapOpen)}
          />
        </div>
        <List
          ref={list}
          box={box}
          live={live}
          selected={search.task}
          filtered={Boolean(search.step ?? search.lamp ?? search.source) || settled.length >= 2}
          kind={
            isBox(search.step) && !search.lamp && !search.source && settled.length < 2
              ? search.step
              : undefined
          }
          onOpen={(next) => open(next, !narrow)}
          onClear={() => {
            setWords('');
            void navigate({ search: box === 'done' ? { box: 'done' } : {}, replace: true });
          }}
        />
      </section>
      {!narrow && (
        <Splitter label={t('desk.resizeList')} value={listWidth} onChange={setListWidth} side="left" />
      )}
      {(!narrow || showsCase) && (
        <section className={styles.casePane} aria-label={t('desk.case')}>
          {opened ? (
            <CaseView
              key={opened.caseId}
              caseId={opened.caseId}
              card={opened.case}
              taskId={opened.id}
              onDone={done}
              linkToPage
              onBack={narrow ? () => open(undefined) : undefined}
            />
          ) : (
            <Empty title={t('desk.nothingOpen')} hint={t('desk.nothingOpenHint')} />
          )}
        </section>
      )}
      {mapOpen && (!narrow || !showsCase) && (
        <>
          {!narrow && (
            <Splitter label={t('desk.resizeMap')} value={mapWidth} onChange={setMapWidth} side="right" />
          )}
          <section
            className={styles.mapPane}
            style={narrow ? undefined : { width: mapWidth }}
            aria-label={t('desk.map')}
          >
            <CaseMap
              bounds={me.city.bounds}
              revision={revision}
              label={t('map.cases')}
              selected={
                opened?.case.point
                  ? { point: opened.case.point, lamp: readClock(opened.case.clock, serverNow()).lamp }
                  : null
              }
              onCase={(caseId) => {
                const known = tasks.find((one) => one.caseId === caseId);
                if (known) open(known);
                else void navigate({ to: '/cases/$caseId', params: { caseId } });
              }}
            />
          </section>
        </>
      )}
    </div>
  );
}

function withTaskId(search: DeskSearch, task: string | undefined): DeskSearch {
  const kept = { ...search };
  delete kept.task;
  return task === undefined ? kept : { ...kept, task };
}

export type FilterChange = { [K in 'box' | 'step' | 'lamp' | 'source']?: DeskSearch[K] | undefined };

function merge(now: DeskSearch, change: FilterChange): DeskSearch {
  const next = Object.entries({ ...now, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    change.box === undefined && !('box' in change) ? next : next.filter(([key]) => key !== 'task'),
  );
}
