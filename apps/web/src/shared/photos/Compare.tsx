import type { CaseMedia, MediaPurpose } from '@wanmi/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../time/useFormat.ts';
import styles from './photos.module.css';
import { Viewer } from './Viewer.tsx';

const BEFORE: ReadonlySet<MediaPurpose> = new Set(['before', 'verify', 'attachment']);

/** Photos before | after, side by side; a click opens both at the same zoom. */
export function Compare({ media }: { media: CaseMedia[] }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<{ side: 'before' | 'after'; index: number } | null>(null);
  const before = media.filter((one) => BEFORE.has(one.purpose));
  const after = media.filter((one) => !BEFORE.has(one.purpose));
  if (media.length === 0) return <p className={styles.nothing}>{t('media.none')}</p>;
  return (
    <>
      <div className={styles.compare}>
        <Side
          title={t('media.before')}
          empty={t('media.noBefore')}
          media={before}
          onOpen={(index) => setOpen({ side: 'before', index })}
        />
        <Side
          title={t('media.after')}
          empty={t('media.noAfter')}
          media={after}
          onOpen={(index) => setOpen({ side: 'after', index })}
        />
      </div>
      {open && <Viewer before={before} after={after} start={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function Side({
  title,
  empty,
  media,
  onOpen,
}: {
  title: string;
  empty: string;
  media: CaseMedia[];
  onOpen: (index: number) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const [main, ...rest] = media;
  return (
    <section className={styles.side} aria-label={title}>
      {main ? (
        <>
          <Picture media={main} large onOpen={() => onOpen(0)} />
          <p className={styles.caption}>
            <span className={styles.sideTitle}>{title}</span>
            <span>{t(`media.purpose.${main.purpose}`)}</span>
            <span>{format.instant(main.takenAt ?? main.addedAt)}</span>
          </p>
          {rest.length > 0 && (
            <div className={styles.rest}>
              {rest.map((one, index) => (
                <Picture key={one.id} media={one} onOpen={() => onOpen(index + 1)} />
              ))}
            </div>
          )}
        </>
      ) : (
        <div className={styles.noPicture}>
          <span>{empty}</span>
        </div>
      )}
    </section>
  );
}

function Picture({
  media,
  large = false,
  onOpen,
}: {
  media: CaseMedia;
  large?: boolean;
  onOpen: () => void;
}) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      className={large ? styles.large : styles.small}
      onClick={onOpen}
      aria-label={t('media.open', { purpose: t(`media.purpose.${media.purpose}`) })}
    >
      <img
        src={(large ? media.url : media.thumbnailUrl) ?? media.url}
        alt=""
        loading="lazy"
        decoding="async"
      />
      {media.reused && <span className={styles.reusedFlag}>{t('media.reusedShort')}</span>}
    </button>
  );
}
