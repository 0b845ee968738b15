import type { CaseCard } from '@wanmi/contracts';
import { OUTCOMES, OUTCOME_NAMES, SOURCES, SOURCE_NAMES, STEPS, STEP_NAMES } from '@wanmi/contracts/words';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useLocation, useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Input, Select } from 'antd';
import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { casesQuery, regionsQuery, unitsQuery } from '../../shared/api/queries.ts';
import { ownSteps, useText, wordOf } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { ClockLamp, Countdown } from '../../shared/time/Countdown.tsx';
import { dayStart, nextDay } from '../../shared/time/format.ts';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { useSettled } from '../../shared/useSettled.ts';
import { useWide } from '../../shared/useWide.ts';
import { CategoryPicker } from '../report/CategoryPicker.tsx';
import { DayRange } from '../widgets/DayRange.tsx';
import styles from './cases.module.css';
import type { CaseSearch } from './search.ts';

const ROW = 45;
const NARROW_ROW = 88;

/** Every case that this post may see, newest first; the filters are in the address, so that it can be kept. */
export function Cases() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/cases' });
  const location = useLocation();
  const navigate = useNavigate({ from: '/cases' });
  const timeZone = useTimeZone();
  const kept = location.state.words ?? '';
  // What is typed holds until the history entry brings other words (the palette, or "back").
  const [typed, setTyped] = useState({ kept, words: kept });
  const words = typed.kept === kept ? typed.words : kept;
  const setWords = (next: string) => setTyped({ kept, words: next });
  const settled = useSettled(words.trim(), 300);

  const query = {
    ...search,
    q: settled.length >= 2 ? settled : undefined,
    // Days are the city's; the API takes instants.
    from: search.from ? new Date(dayStart(search.from, timeZone)).toISOString() : undefined,
    to: search.to ? new Date(dayStart(nextDay(search.to), timeZone)).toISOString() : undefined,
  };
  const list = useInfiniteQuery(casesQuery(query));
  const cases = list.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.keys(search).length > 0 || settled.length >= 2;

  function change(next: Partial<Record<keyof CaseSearch, string | undefined>>) {
    const merged = Object.entries({ ...search, ...next }).filter(([, value]) => value);
    void navigate({ search: Object.fromEntries(merged), state: { words }, replace: true });
  }

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t('room.cases')}</h1>
        <p className={styles.quiet}>{t('cases.order')}</p>
      </header>
      <Filters
        search={search}
        words={words}
        onWords={(next) => setWords(next)}
        onKeepWords={() => void navigate({ search, state: { words }, replace: true })}
        onChange={change}
        onClear={
          filtered
            ? () => {
                setWords('');
                void navigate({ search: {}, state: { words: '' }, replace: true });
              }
            : undefined
        }
      />
      {list.isPending && <Loading rows={12} />}
      {list.error && cases.length === 0 && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && cases.length === 0 && (
        <Empty
          title={t(filtered ? 'cases.noMatch' : 'cases.none')}
          hint={t(filtered ? 'cases.noMatchHint' : 'cases.noneHint')}
        />
      )}
      {cases.length > 0 && <Results cases={cases} list={list} />}
    </div>
  );
}

function Filters({
  search,
  words,
  onWords,
  onKeepWords,
  onChange,
  onClear,
}: {
  search: CaseSearch;
  words: string;
  onWords: (words: string) => void;
  onKeepWords: () => void;
  onChange: (change: Partial<Record<keyof CaseSearch, string | undefined>>) => void;
  onClear: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const text = useText();
  const regions = useQuery(regionsQuery);
  const units = useQuery(unitsQuery);
  const any = (label: string) => ({ value: '', label });
  const [open, setOpen] = useState(false);
  const state = search.outcome ?? (search.open === 'true' ? 'open' : search.open === 'false' ? 'ended' : '');

  return (
    <div className={styles.filters} role="search" aria-label={t('cases.filters')} data-open={open}>
      <Labelled id="cases-words" label={t('cases.words')} wide>
        <Input
          id="cases-words"
          allowClear
          value={words}
          placeholder={t('cases.wordsHint')}
          onChange={(event) => onWords(event.target.value)}
          onBlur={onKeepWords}
        />
      </Labelled>
      <button type="button" className={styles.unfold} aria-expanded={open} onClick={() => setOpen(!open)}>
        {t(open ? 'cases.fold' : 'cases.unfold')}
        {Object.keys(search).length > 0 && ` (${Object.keys(search).length})`}
      </button>
      <Labelled id="cases-state" label={t('cases.state')}>
        <Select
          id="cases-state"
          value={state}
          options={[
            any(t('cases.any')),
            { value: 'open', label: t('cases.open') },
            { value: 'ended', label: t('cases.ended') },
            ...OUTCOMES.map((one) => ({ value: one as string, label: text(OUTCOME_NAMES[one]) })),
          ]}
          onChange={(next: string) =>
            onChange({
              open: next === 'open' ? 'true' : next === 'ended' ? 'false' : undefined,
              outcome: (OUTCOMES as readonly string[]).includes(next) ? next : undefined,
              ...(next === '' || next === 'open' ? {} : { stage: undefined }),
            })
          }
        />
      </Labelled>
      <Labelled id="cases-stage" label={t('cases.step')}>
        <Select
          id="cases-stage"
          value={search.stage ?? ''}
          options={[
            any(t('cases.any')),
            ...[...STEPS, ...ownSteps()].map((one) => ({
              value: one,
              label: text(wordOf(STEP_NAMES, one)),
            })),
          ]}
          onChange={(stage: string) =>
            onChange({ stage: stage || undefined, ...(stage ? { outcome: undefined, open: undefined } : {}) })
          }
        />
      </Labelled>
      <Labelled id="cases-source" label={t('fact.source')}>
        <Select
          id="cases-source"
          value={search.source ?? ''}
          options={[
            any(t('cases.any')),
            ...SOURCES.map((one) => ({ value: one as string, label: text(SOURCE_NAMES[one]) })),
          ]}
          onChange={(source: string) => onChange({ source: source || undefined })}
        />
      </Labelled>
      <Labelled id="cases-category" label={t('fact.category')}>
        <CategoryPicker
          id="cases-category"
          allowBig
          value={search.categoryId}
          onChange={(category) => onChange({ categoryId: category?.id })}
        />
      </Labelled>
      <Labelled id="cases-region" label={t('fact.region')}>
        <Select
          id="cases-region"
          showSearch={{ optionFilterProp: 'label' }}
          value={search.regionId ?? ''}
          loading={regions.isPending}
          options={[
            any(t('cases.any')),
            ...(regions.data ?? [])
              .filter((one) => one.kind !== 'city')
              .map((one) => ({ value: one.id, label: `${text(one.name)} · ${t(`region.${one.kind}`)}` })),
          ]}
          onChange={(regionId: string) => onChange({ regionId: regionId || undefined })}
        />
      </Labelled>
      <Labelled id="cases-unit" label={t('fact.department')}>
        <Select
          id="cases-unit"
          showSearch={{ optionFilterProp: 'label' }}
          value={search.unitId ?? ''}
          loading={units.isPending}
          options={[
            any(t('cases.any')),
            ...(units.data ?? [])
              .filter((one) => one.kind === 'department')
              .map((one) => ({ value: one.id, label: text(one.name) })),
          ]}
          onChange={(unitId: string) => onChange({ unitId: unitId || undefined })}
        />
      </Labelled>
      <Labelled id="cases-days" label={t('cases.reported')} wide>
        <DayRange
          id="cases-days"
          from={search.from}
          to={search.to}
          onChange={(from, to) => onChange({ from, to })}
        />
      </Labelled>
      {onClear && (
        <button type="button" className={styles.clear} onClick={onClear}>
          {t('desk.clear')}
        </button>
      )}
    </div>
  );
}

function Labelled({
  id,
  label,
  wide = false,
  children,
}: {
  id: string;
  label: string;
  wide?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={styles.field} data-wide={wide}>
      <label htmlFor={id}>{label}</label>
      {children}
    </div>
  );
}

function Results({ cases, list }: { cases: CaseCard[]; list: ReturnType<typeof useInfiniteQuery> }) {
  const { t } = useTranslation();
  const wide = useWide(1000);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: cases.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (wide ? ROW : NARROW_ROW),
    overscan: 10,
  });
  useEffect(() => rows.measure(), [rows, wide]);

  const more = useEffectEvent(() => {
    if (list.hasNextPage && !list.isFetchingNextPage && !list.isError) void list.fetchNextPage();
  });
  const near = (rows.getVirtualItems().at(-1)?.index ?? 0) >= cases.length - 20;
  useEffect(() => {
    if (near) more();
  }, [near, cases.length]);

  return (
    <div ref={scroller} className={styles.results} role="table" aria-label={t('room.cases')} data-wide={wide}>
      {wide && (
        <div className={styles.header} role="row">
          {(
            ['caseNo', 'category', 'place', 'state', 'left', 'department', 'source', 'reportedAt'] as const
          ).map((column) => (
            <span key={column} role="columnheader">
              {t(`cases.column.${column}`)}
            </span>
          ))}
        </div>
      )}
      <div className={styles.rows} role="rowgroup" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((item) => {
          const card = cases[item.index];
          return card && <CaseRow key={card.id} card={card} top={item.start} height={item.size} />;
        })}
      </div>
      {list.isFetchNextPageError && (
        <Failure error={list.error} compact onRetry={() => void list.fetchNextPage()} />
      )}
      {!list.hasNextPage && <p className={styles.end}>{t('cases.end')}</p>}
    </div>
  );
}

function CaseRow({ card, top, height }: { card: CaseCard; top: number; height: number }) {
  const text = useText();
  const format = useFormat();
  return (
    <div className={styles.row} role="row" style={{ transform: `translateY(${top}px)`, height }}>
      <span role="cell" className={styles.number}>
        <Link to="/cases/$caseId" params={{ caseId: card.id }} preload={false}>
          {card.caseNo}
        </Link>
      </span>
      <span role="cell" className={styles.category}>
        {text(card.condition?.name ?? card.category?.name)}
      </span>
      <span role="cell" className={styles.cellPlace}>
        {card.address ?? card.description}
      </span>
      <span role="cell" className={styles.state}>
        {!card.outcome && <ClockLamp clock={card.clock} />}
        {card.outcome ? text(OUTCOME_NAMES[card.outcome]) : text(wordOf(STEP_NAMES, card.stage))}
      </span>
      <span role="cell">{card.outcome ? '—' : <Countdown clock={card.clock} />}</span>
      <span role="cell">{text(card.department?.name)}</span>
      <span role="cell">{text(SOURCE_NAMES[card.source])}</span>
      <span role="cell" className={styles.at}>
        {format.instant(card.reportedAt)}
      </span>
    </div>
  );
}
