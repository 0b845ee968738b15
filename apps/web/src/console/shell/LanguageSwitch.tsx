import { useTranslation } from 'react-i18next';
import { setLanguage } from '../../shared/i18n/index.ts';
import styles from './shell.module.css';

/** Shows the other language by its own name. */
export function LanguageSwitch() {
  const { t, i18n } = useTranslation();
  const other = i18n.language === 'en' ? 'zh-CN' : 'en';
  return (
    <button
      type="button"
      className={styles.barButton}
      lang={other}
      title={t('shell.language')}
      onClick={() => void setLanguage(other)}
    >
      {other === 'en' ? 'English' : '中文'}
    </button>
  );
}
