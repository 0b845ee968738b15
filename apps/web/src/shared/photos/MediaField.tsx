import type { Media } from '@wanmi/contracts';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { problemText } from '../states/problemText.ts';
import styles from './photos.module.css';
import { upload } from './upload.ts';

interface Item {
  key: string;
  name: string;
  share: number;
  media: Media | null;
  error: unknown;
  file: File;
}

const ACCEPT = 'image/jpeg,image/png,image/webp,image/heic,image/heif';

/** Photos: picked, dropped or pasted; each shows its progress, and a warning where it was used before. */
export function MediaField({
  id,
  value,
  onChange,
  max = 9,
  describedBy,
  invalid = false,
  autoFocus = false,
  onBusy,
}: {
  id: string;
  value: string[];
  onChange: (ids: string[]) => void;
  max?: number;
  describedBy?: string | undefined;
  invalid?: boolean;
  autoFocus?: boolean;
  onBusy?: (busy: boolean) => void;
}) {
  const { t } = useTranslation();
  const [items, setItems] = useState<Item[]>([]);
  const [over, setOver] = useState(false);
  const aborts = useRef(new Map<string, AbortController>());
  const input = useRef<HTMLInputElement>(null);

  const report = useEffectEvent((list: Item[]) => {
    const ids = list.flatMap((item) => (item.media ? [item.media.id] : []));
    if (ids.join() !== value.join()) onChange(ids);
    onBusy?.(list.some((item) => !item.media && !item.error));
  });
  useEffect(() => report(items), [items]);
  useEffect(() => {
    const running = aborts.current;
    return () => {
      for (const abort of running.values()) abort.abort();
    };
  }, []);

  function patch(key: string, change: Partial<Item>) {
    setItems((list) => list.map((item) => (item.key === key ? { ...item, ...change } : item)));
  }

  function start(item: Item) {
    const abort = new AbortController();
    aborts.current.set(item.key, abort);
    upload(item.file, (share) => patch(item.key, { share }), abort.signal)
      .then((media) => patch(item.key, { media, share: 1, error: null }))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) patch(item.key, { error });
      });
  }

  function add(files: Iterable<File>) {
    const pictures = [...files].filter(
      (file) => file.type.startsWith('image/') || /\.hei[cf]$/i.test(file.name),
    );
    const added = pictures.slice(0, max - items.length).map((file) => ({
      key: crypto.randomUUID(),
      name: file.name,
      share: 0,
      media: null,
      error: null,
      file,
    }));
    setItems((list) => [...list, ...added]);
    for (const item of added) start(item);
  }

  function remove(item: Item) {
    aborts.current.get(item.key)?.abort();
    setItems((list) => list.filter((one) => one.key !== item.key));
    input.current?.focus();
  }

  return (
    <div
      className={styles.upload}
      data-over={over}
      data-invalid={invalid}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        add(event.dataTransfer.files);
      }}
      onPaste={(event) => add(event.clipboardData.files)}
    >
      {items.length > 0 && (
        <ul className={styles.uploads}>
          {items.map((item) => (
            <li
              key={item.key}
              className={styles.item}
              data-state={item.error ? 'error' : item.media ? 'done' : 'busy'}
            >
              <Thumb item={item} />
              {!item.media && !item.error && (
                <progress className={styles.progress} max={1} value={item.share} aria-label={item.name} />
              )}
              <button
                type="button"
                className={styles.remove}
                aria-label={t('media.remove', { name: item.name })}
                onClick={() => remove(item)}
              >
                ×
              </button>
              <ItemNote
                item={item}
                onRetry={() => {
                  patch(item.key, { error: null, share: 0 });
                  start(item);
                }}
              />
            </li>
          ))}
        </ul>
      )}
      <label className={styles.pick} data-full={items.length >= max}>
        <input
          ref={input}
          id={id}
          type="file"
          accept={ACCEPT}
          multiple
          disabled={items.length >= max}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          autoFocus={autoFocus}
          onChange={(event) => {
            add(event.target.files ?? []);
            event.target.value = '';
          }}
        />
        <span>{items.length >= max ? t('media.full', { max }) : t('media.pick')}</span>
        <span className={styles.pickHint}>{t('media.pickHint', { max })}</span>
      </label>
    </div>
  );
}

/** The server's thumbnail once it is there; until then the picture itself, drawn without a blob: address. */
function Thumb({ item }: { item: Item }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (item.media?.thumbnailUrl || typeof createImageBitmap === 'undefined') return;
    let alive = true;
    createImageBitmap(item.file, { resizeWidth: 160, resizeQuality: 'low' })
      .then((bitmap) => {
        const target = canvas.current;
        if (!alive || !target) return;
        target.width = bitmap.width;
        target.height = bitmap.height;
        target.getContext('2d')?.drawImage(bitmap, 0, 0);
      })
      .catch(() => undefined);
    return () => {
      alive = false;
    };
  }, [item.file, item.media]);
  return item.media?.thumbnailUrl ? (
    <img src={item.media.thumbnailUrl} alt={item.name} className={styles.thumb} />
  ) : (
    <canvas ref={canvas} className={styles.thumb} aria-label={item.name} role="img" />
  );
}

function ItemNote({ item, onRetry }: { item: Item; onRetry: () => void }) {
  const { t } = useTranslation();
  if (item.error) {
    const { text, code } = problemText(item.error, t);
    return (
      <p className={styles.note} data-kind="error" role="alert">
        {text} <span>({code})</span>{' '}
        <button type="button" className={styles.link} onClick={onRetry}>
          {t('state.retry')}
        </button>
      </p>
    );
  }
  if (!item.media?.reused) return null;
  const cases = item.media.reusedIn.join(t('list.comma'));
  return (
    <p className={styles.note} data-kind="reused" role="alert">
      {cases ? t('media.reusedIn', { cases }) : t('media.reused')}
    </p>
  );
}
