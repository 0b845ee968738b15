import type { Lamp as LampCode } from '@wanmi/contracts';
import { LAMP_NAMES, SOURCES, SOURCE_NAMES, STEP_NAMES } from '@wanmi/contracts/words';
import { EnvironmentOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { taskCountsQuery } from '../../shared/api/queries.ts';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { Lamp } from '../../shared/lamp/Lamp.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import type { DeskSearch } from '../router.tsx';
import type { FilterChange } from './Desk.tsx';
import styles from './desk.module.css';

const LAMPS: LampCode[] = ['red', 'yellow', 'green'];

/** Work of another kind than the line's has boxes of its own. */
export const BOXES = [
  'approve',
  'appeal',
  'reopen',
  'consult',
  'inspect',
  'suspend',
  'answer',
  'keyPatrol',
] as const;
export type Box = (typeof BOXES)[number];
export const isBox = (step: string | undefined): step is Box =>
  (BOXES as readonly (string | undefined)[]).includes(step);

/** What waits, by lamp and step, is also the filter: a figure opens what it counts. */
export function Filters({
  search,
  onSearch,
  words,
  onWords,
  mapOpen,
  onMap,
}: {
  search: DeskSearch;
  onSearch: (change: FilterChange) => void;
  words: string;
  onWords: (words: string) => void;
  mapOpen: boolean;
  onMap: () => void;
}) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const counts = useQuery({ ...taskCountsQuery, refetchInterval: 60_000 });
  const total = counts.data && format.number(counts.data.total) + (counts.data.capped ? '+' : '');
  const all = counts.data?.steps ?? [];
  const steps = all.filter(({ step }) => !isBox(step));
  // A box stands there while something is in it, or while one looks into it.
  const boxes = BOXES.map((step) => ({
    step,
    count: all.find((one) => one.step === step)?.count ?? 0,
  })).filter(({ step, count }) => count > 0 || search.step === step);
  const paused = counts.data?.lamps.paused ?? 0;
  const lamps = paused > 0 || search.lamp === 'paused' ? [...LAMPS, 'paused' as const] : LAMPS;
  const done = search.box === 'done';

  return (
    <div className={styles.filters}>
      <div className={styles.boxes} role="group" aria-label={t('desk.box')}>
        <button
          type="button"
          aria-pressed={!done && !isBox(search.step)}
          onClick={() => onSearch({ box: undefined, ...(isBox(search.step) ? { step: undefined } : {}) })}
        >
          {t('desk.open')} {total && <strong>{total}</strong>}
        </button>
        {boxes.map(({ step, count }) => (
          <button
            key={step}
            type="button"
            aria-pressed={!done && search.step === step}
            onClick={() => onSearch({ box: undefined, step, lamp: undefined })}
          >
            {step === 'suspend' && <Lamp lamp="paused" size={12} label="" />} {t(`desk.boxes.${step}`)}{' '}
            <strong>{format.number(count)}</strong>
          </button>
        ))}
        <button
          type="button"
          aria-pressed={done}
          onClick={() => onSearch({ box: 'done', step: undefined, lamp: undefined })}
        >
          {t('desk.done')}
        </button>
        <button
          type="button"
          className={styles.mapToggle}
          aria-pressed={mapOpen}
          aria-keyshortcuts="m"
          title={`${t('desk.map')} (m)`}
          aria-label={t('desk.map')}
          onClick={onMap}
        >
          <EnvironmentOutlined />
        </button>
      </div>
      <div className={styles.words}>
        <Input
          size="small"
          allowClear
          value={words}
          placeholder={t('desk.words')}
          aria-label={t('desk.words')}
          aria-keyshortcuts="/"
          onChange={(event) => onWords(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <Select
          size="small"
          className={styles.source ?? ''}
          aria-label={t('fact.source')}
          value={search.source ?? ''}
          popupMatchSelectWidth={false}
          options={[
            { value: '', label: t('desk.anySource') },
            ...SOURCES.map((source) => ({ value: source as string, label: text(SOURCE_NAMES[source]) })),
          ]}
          onChange={(source: string) => onSearch({ source: source || undefined })}
        />
      </div>
      {!done && counts.data && (
        <div className={styles.chips} role="group" aria-label={t('desk.filter')}>
          {lamps.map((lamp) => (
            <button
              key={lamp}
              type="button"
              aria-pressed={search.lamp === lamp}
              aria-label={`${text(LAMP_NAMES[lamp])} ${counts.data.lamps[lamp]}`}
              onClick={() => onSearch({ lamp: search.lamp === lamp ? undefined : lamp })}
            >
              <Lamp lamp={lamp} size={12} label="" />
              {format.number(counts.data.lamps[lamp])}
            </button>
          ))}
          {!isBox(search.step) && (steps.length > 1 || search.step) && <span className={styles.divider} />}
          {!isBox(search.step) &&
            (steps.length > 1 || search.step) &&
            steps.map(({ step, count }) => (
              <button
                key={step}
                type="button"
                aria-pressed={search.step === step}
                onClick={() => onSearch({ step: search.step === step ? undefined : step })}
              >
                {text(wordOf(STEP_NAMES, step))} {format.number(count)}
              </button>
            ))}
        </div>
      )}
    </div>
  );
}
