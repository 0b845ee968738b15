import type { CaseCard } from '@wanmi/contracts';
import { STEP_NAMES, OUTCOME_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { get } from '../../shared/api/client.ts';
import type { Page } from '../../shared/api/queries.ts';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import { ClockLamp } from '../../shared/time/Countdown.tsx';
import { useSettled } from '../../shared/useSettled.ts';
import { useMay, useMe } from '../me.ts';
import { roomsOf } from '../rooms.ts';
import { Dialog } from './Dialog.tsx';
import styles from './shell.module.css';

interface Hit {
  key: string;
  label: string;
  note: string;
  card?: CaseCard;
  go: () => void;
}

/** One box for everything: a case by its number or words, and the rooms. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const text = useText();
  const navigate = useNavigate();
  const me = useMe();
  const mayRead = useMay('case.read');
  const [words, setWords] = useState('');
  const [at, setAt] = useState(0);
  const q = useSettled(words.trim(), 200);
  const enough = q.length >= 2;

  const cases = useQuery({
    queryKey: ['palette', q],
    queryFn: ({ signal }) => get<Page<CaseCard>>('/cases', { query: { q, limit: 8 }, signal }),
    enabled: mayRead && enough,
    placeholderData: (before) => before,
  });

  const rooms: Hit[] = roomsOf(me)
    .map((room) => ({
      key: room.to,
      label: t(`room.${room.name}`),
      note: t('palette.room'),
      go: () => void navigate({ to: room.to }),
    }))
    .filter((hit) => words.trim() === '' || hit.label.toLowerCase().includes(words.trim().toLowerCase()));
  const found: Hit[] = (enough ? (cases.data?.items ?? []) : []).map((card) => ({
    key: card.id,
    label: `${card.caseNo} ${text(card.category?.name)}`,
    note: [
      card.outcome ? text(OUTCOME_NAMES[card.outcome]) : text(wordOf(STEP_NAMES, card.stage)),
      card.address ?? card.description,
    ].join(' · '),
    card,
    go: () => void navigate({ to: '/cases/$caseId', params: { caseId: card.id } }),
  }));
  const all: Hit[] =
    mayRead && enough
      ? [
          ...found,
          ...rooms,
          {
            key: 'all',
            label: t('palette.all', { words: q }),
            note: t('room.cases'),
            go: () => void navigate({ to: '/cases', state: { words: q } }),
          },
        ]
      : rooms;
  const hits = useDeferredValue(all);
  const chosen = Math.min(at, hits.length - 1);

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, hits.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0));
    else if (event.key === 'Enter') open(hits[chosen]);
    else return;
    event.preventDefault();
  }

  function open(hit: Hit | undefined) {
    if (!hit) return;
    onClose();
    hit.go();
  }

  return (
    <Dialog title={t('palette.title')} onClose={onClose} wide>
      <input
        className={styles.paletteInput}
        role="combobox"
        aria-expanded
        aria-controls="palette-hits"
        aria-activedescendant={hits[chosen] ? `palette-${hits[chosen].key}` : undefined}
        aria-label={t('palette.title')}
        placeholder={t('palette.placeholder')}
        // The dialog exists to be typed into.
        autoFocus
        value={words}
        onChange={(event) => {
          setWords(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      {cases.error && <Failure error={cases.error} compact onRetry={() => void cases.refetch()} />}
      <div id="palette-hits" className={styles.list} role="listbox" aria-label={t('palette.title')}>
        {hits.map((hit, index) => (
          <div
            key={hit.key}
            id={`palette-${hit.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            className={styles.hit}
            onPointerMove={() => setAt(index)}
            onClick={() => open(hit)}
            onKeyDown={onKeyDown}
          >
            {hit.card && !hit.card.outcome && <ClockLamp clock={hit.card.clock} />}
            <span className={styles.hitLabel}>{hit.label}</span>
            <span className={styles.quiet}>{hit.note}</span>
          </div>
        ))}
      </div>
      {enough && cases.data?.items.length === 0 && (
        <p className={styles.quiet}>{t('palette.none', { words: q })}</p>
      )}
      {!enough && <p className={styles.quiet}>{t('palette.hint')}</p>}
    </Dialog>
  );
}
