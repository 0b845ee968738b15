import type { Point } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { assetsNearQuery } from '../../shared/api/queries.ts';
import { Choices } from '../../shared/form/Choices.tsx';
import { useText } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './report.module.css';

const SHOWN = 5;

/** Components of this class near the point, to say which one it is. */
export function NearAssets({
  point,
  categoryId,
  value,
  onChange,
}: {
  point: Point;
  categoryId: string;
  value: string | undefined;
  onChange: (assetId: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const assets = useQuery(assetsNearQuery(point, categoryId));
  const near = (assets.data ?? []).slice(0, SHOWN);
  if (!assets.data) return null;
  return (
    <div className={styles.field}>
      <span className={styles.label} id="asset-label">
        {t('asset.near')}
      </span>
      {near.length === 0 ? (
        <p className={styles.quiet}>{t('asset.noneNear')}</p>
      ) : (
        <Choices
          id="asset"
          labelledBy="asset-label"
          value={value ?? 'none'}
          onChange={(next) => onChange(next === 'none' ? undefined : String(next))}
          items={[
            ...near.map((asset) => ({
              value: asset.id,
              label: `${text(asset.category.name)} ${asset.code}`,
              note: [
                asset.distance === undefined ? '' : format.distance(asset.distance),
                asset.address,
                asset.owner && text(asset.owner.name),
              ]
                .filter(Boolean)
                .join(' · '),
            })),
            { value: 'none', label: t('asset.unknown') },
          ]}
        />
      )}
    </div>
  );
}
