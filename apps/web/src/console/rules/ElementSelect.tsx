import { useTranslation } from 'react-i18next';
import type { Drawing } from './drawing.ts';
import styles from './rules.module.css';

/** Every element by its name: the way into a drawing for who does not point. */
export function ElementSelect({
  drawing,
  selected,
  onSelect,
}: {
  drawing: Drawing;
  selected: string | null;
  onSelect: (id: string | null) => void;
}) {
  const { t } = useTranslation('rules');
  const named = [...drawing.shapes, ...drawing.edges].filter((one) => one.kind !== 'participant');
  return (
    <label className={styles.inlineLabel}>
      {t('drawing.element')}
      <select
        className={styles.elementSelect}
        value={selected !== null && named.some((one) => one.id === selected) ? selected : ''}
        onChange={(event) => onSelect(event.target.value === '' ? null : event.target.value)}
      >
        <option value="">{t('drawing.pick')}</option>
        {KINDS.map(([group, fits]) => (
          <optgroup key={group} label={t(`drawing.kinds.${group}`)}>
            {named
              .filter((one) => fits(one.kind))
              .map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name ? `${one.name}  ${one.id}` : one.id}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

const KINDS = [
  ['task', (kind: string) => kind.endsWith('Task') || kind === 'callActivity'],
  ['flow', (kind: string) => kind.endsWith('Flow')],
  ['gateway', (kind: string) => kind.endsWith('Gateway')],
  ['event', (kind: string) => kind.endsWith('Event')],
  ['frame', (kind: string) => kind === 'lane' || kind === 'subProcess'],
] as const;
