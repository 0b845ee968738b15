import type { CaseMedia } from '@wanmi/contracts';
import { useEffect, useRef, useState, type PointerEvent, type WheelEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../time/useFormat.ts';
import styles from './photos.module.css';

interface View {
  scale: number;
  x: number;
  y: number;
}
const fit: View = { scale: 1, x: 0, y: 0 };
const MAX = 8;

type Side = 'before' | 'after';

/** One picture, or before and after beside each other that zoom and move together. */
export function Viewer({
  before,
  after,
  start,
  onClose,
}: {
  before: CaseMedia[];
  after: CaseMedia[];
  start: { side: Side; index: number };
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  const [side, setSide] = useState<Side>(start.side);
  const [index, setIndex] = useState({
    before: start.side === 'before' ? start.index : 0,
    after: start.side === 'after' ? start.index : 0,
  });
  const both = before.length > 0 && after.length > 0;
  const [beside, setBeside] = useState(false);
  const [view, setView] = useState(fit);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  const lists = { before, after };
  const shown: Side[] = beside && both ? ['before', 'after'] : [side];

  function zoom(factor: number) {
    setView((now) => {
      const scale = Math.min(MAX, Math.max(1, now.scale * factor));
      return scale === 1 ? fit : { scale, x: (now.x * scale) / now.scale, y: (now.y * scale) / now.scale };
    });
  }

  function turn(step: number) {
    const count = lists[side].length;
    setIndex((now) => ({ ...now, [side]: (now[side] + step + count) % count }));
    setView(fit);
  }

  function onKey(key: string): boolean {
    switch (key) {
      case '+':
      case '=':
        zoom(1.5);
        return true;
      case '-':
        zoom(1 / 1.5);
        return true;
      case '0':
        setView(fit);
        return true;
      case 'ArrowRight':
        turn(1);
        return true;
      case 'ArrowLeft':
        turn(-1);
        return true;
      case 'b':
        if (both) setBeside(!beside);
        return true;
      default:
        return false;
    }
  }

  return (
    <dialog
      ref={dialog}
      className={styles.viewer}
      aria-label={t('media.viewer')}
      onClose={onClose}
      // Keys of the viewer stay in it: the desk below has the same letters.
      onKeyDown={(event) => {
        if (event.key !== 'Escape') event.stopPropagation();
        if (onKey(event.key)) event.preventDefault();
      }}
    >
      <header className={styles.viewerBar}>
        {both && (
          <button type="button" aria-pressed={beside} onClick={() => setBeside(!beside)}>
            {t('media.beside')} <kbd>b</kbd>
          </button>
        )}
        <button type="button" onClick={() => zoom(1.5)}>
          {t('media.zoomIn')} <kbd>+</kbd>
        </button>
        <button type="button" onClick={() => zoom(1 / 1.5)}>
          {t('media.zoomOut')} <kbd>-</kbd>
        </button>
        <button type="button" onClick={() => setView(fit)}>
          {t('media.fit')} <kbd>0</kbd>
        </button>
        <span className={styles.spacer} />
        <button type="button" onClick={() => dialog.current?.close()}>
          {t('common.close')} <kbd>Esc</kbd>
        </button>
      </header>
      <div className={styles.stages} data-count={shown.length}>
        {shown.map((one) => {
          const media = lists[one][index[one]];
          return (
            media && (
              <Stage
                key={one}
                media={media}
                view={view}
                onView={setView}
                onZoom={zoom}
                place={t('media.placeOf', { n: index[one] + 1, of: lists[one].length })}
              />
            )
          );
        })}
      </div>
      <footer className={styles.strip}>
        {(['before', 'after'] as const).map((one) =>
          lists[one].map((media, at) => (
            <button
              key={media.id}
              type="button"
              className={styles.small}
              aria-current={side === one && index[one] === at}
              aria-label={t('media.open', { purpose: t(`media.purpose.${media.purpose}`) })}
              onClick={() => {
                setSide(one);
                setIndex((now) => ({ ...now, [one]: at }));
                setView(fit);
              }}
            >
              <img src={media.thumbnailUrl ?? media.url} alt="" />
            </button>
          )),
        )}
      </footer>
    </dialog>
  );
}

function Stage({
  media,
  view,
  onView,
  onZoom,
  place,
}: {
  media: CaseMedia;
  view: View;
  onView: (view: View) => void;
  onZoom: (factor: number) => void;
  place: string;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const drag = useRef<{ x: number; y: number; from: View } | null>(null);

  function move(event: PointerEvent) {
    if (!drag.current) return;
    const { x, y, from } = drag.current;
    onView({ ...from, x: from.x + event.clientX - x, y: from.y + event.clientY - y });
  }

  return (
    <figure className={styles.stage}>
      <div
        className={styles.canvas}
        data-zoomed={view.scale > 1}
        onWheel={(event: WheelEvent) => onZoom(event.deltaY < 0 ? 1.2 : 1 / 1.2)}
        onPointerDown={(event) => {
          if (view.scale === 1) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, y: event.clientY, from: view };
        }}
        onPointerMove={move}
        onPointerUp={() => {
          drag.current = null;
        }}
        onDoubleClick={() => (view.scale > 1 ? onView(fit) : onZoom(2.5))}
      >
        <img
          src={media.url}
          alt={t(`media.purpose.${media.purpose}`)}
          draggable={false}
          style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}
        />
      </div>
      <figcaption className={styles.stageCaption}>
        <strong>{t(`media.purpose.${media.purpose}`)}</strong>
        <span>{place}</span>
        <span>
          {media.takenAt
            ? t('media.taken', { at: format.instant(media.takenAt) })
            : t('media.added', { at: format.instant(media.addedAt) })}
        </span>
        {media.reused && (
          <span className={styles.reusedWords}>
            {media.reusedIn.length > 0
              ? t('media.reusedIn', { cases: media.reusedIn.join(t('list.comma')) })
              : t('media.reused')}
          </span>
        )}
      </figcaption>
    </figure>
  );
}
