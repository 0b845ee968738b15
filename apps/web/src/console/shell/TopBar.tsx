import { BellOutlined, QuestionCircleOutlined, SearchOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { clockRate, useClock } from '../../shared/time/clock.ts';
import { wallTime } from '../../shared/time/format.ts';
import { useTimeZone } from '../../shared/time/useFormat.ts';
import { useText } from '../../shared/i18n/text.ts';
import { useMe } from '../me.ts';
import { Account } from './Account.tsx';
import { LanguageSwitch } from './LanguageSwitch.tsx';
import { Notices } from './Notices.tsx';
import { PostSwitcher } from './PostSwitcher.tsx';
import styles from './shell.module.css';

export function TopBar({ onSearch, onHelp }: { onSearch: () => void; onHelp: () => void }) {
  const { t } = useTranslation();
  const text = useText();
  const me = useMe();
  return (
    <header className={styles.top}>
      <div className={styles.city}>
        <img src="/mark.svg" alt={t('app.name')} width={24} height={24} />
        <strong>{text(me.city.name)}</strong>
      </div>
      <button type="button" className={styles.search} onClick={onSearch} aria-keyshortcuts="Control+K">
        <SearchOutlined aria-hidden />
        <span className={styles.searchWords}>{t('palette.open')}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <ServerClock />
      <PostSwitcher />
      <Notices icon={<BellOutlined />} />
      <span className={styles.wideOnly}>
        <LanguageSwitch />
      </span>
      <button
        type="button"
        className={`${styles.barButton} ${styles.wideOnly}`}
        onClick={onHelp}
        aria-label={t('keys.title')}
        title={`${t('keys.title')} (?)`}
      >
        <QuestionCircleOutlined />
      </button>
      <Account />
    </header>
  );
}

/** The server's clock; a demo's virtual clock says so, and how fast it runs. */
function ServerClock() {
  const { t, i18n } = useTranslation();
  const timeZone = useTimeZone();
  const words = useClock((now) => {
    const w = wallTime(now, timeZone);
    return `${w.month}-${w.day} ${w.hour}:${w.minute}`;
  });
  const day = useClock((now) =>
    new Intl.DateTimeFormat(i18n.language, { timeZone, weekday: 'short' }).format(now),
  );
  const rate = useClock(() => clockRate());
  return (
    <div className={styles.clock} title={t('shell.clock', { zone: timeZone })}>
      <time>{words}</time>
      <span>{day}</span>
      {rate !== 1 && <span className={styles.virtual}>{t('shell.virtual', { rate })}</span>}
    </div>
  );
}
