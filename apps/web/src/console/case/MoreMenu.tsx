import type { CaseDetail } from '@wanmi/contracts';
import { EllipsisOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { Menu } from '../shell/Menu.tsx';
import type { Asked } from './asked.ts';
import styles from './case.module.css';
import type { Offers } from './offers.ts';

/** What may be said beside the work, in groups; what ends or joins a whole case stands apart, last. */
export function MoreMenu({
  detail,
  more,
  onAsk,
}: {
  detail: CaseDetail;
  more: Offers['more'];
  onAsk: (asked: Asked) => void;
}) {
  const { t } = useTranslation();
  const text = useText();
  return (
    <Menu
      label={t('more.title')}
      shortcut="."
      up
      className={styles.moreButton}
      button={
        <>
          <EllipsisOutlined aria-hidden />
          <span>{t('more.title')}</span>
          <span className={styles.key} aria-hidden>
            .
          </span>
        </>
      }
    >
      {(close) =>
        more.map(({ group, offers }) => (
          <div
            key={group}
            className={styles.moreGroup}
            data-group={group}
            role="group"
            aria-label={t(`more.${group}`)}
          >
            <p className={styles.quiet}>{t(`more.${group}`)}</p>
            <div className={styles.moreItems}>
              {offers.map(({ key, unitId, action, subject }) => (
                <button
                  key={key}
                  type="button"
                  data-danger={action.danger}
                  onClick={() => {
                    close();
                    onAsk({ action, subject });
                  }}
                >
                  {text(action.name)} {unitId && <span className={styles.quiet}>{unitName(unitId)}</span>}
                </button>
              ))}
            </div>
          </div>
        ))
      }
    </Menu>
  );

  function unitName(id: string): string {
    return text(detail.assignments.find((one) => one.unit.id === id)?.unit.name);
  }
}
