import type { Lamp as LampCode } from '@wanmi/contracts';
import { LAMP_NAMES } from '@wanmi/contracts/words';
import { useText } from '../i18n/text.ts';
import styles from './lamp.module.css';

/** A lamp: colour *and* shape, so that it is read without colours too. */
export function Lamp({
  lamp,
  exempt = false,
  size = 14,
  label,
}: {
  lamp: LampCode | null;
  exempt?: boolean;
  size?: number;
  /** Empty hides it from readers, where the words stand beside it. */
  label?: string;
}) {
  const text = useText();
  const name = label ?? (lamp === null ? '' : text(LAMP_NAMES[lamp]));
  return (
    <svg
      className={styles.lamp}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      data-lamp={lamp ?? 'none'}
      {...(name ? { role: 'img', 'aria-label': name } : { 'aria-hidden': true })}
    >
      <Shape lamp={lamp} exempt={exempt} />
    </svg>
  );
}

function Shape({ lamp, exempt }: { lamp: LampCode | null; exempt: boolean }) {
  const className = exempt ? styles.hollow : styles[lamp ?? 'none'];
  const shape = exempt ? 'exempt' : 'full';
  switch (lamp) {
    case 'green':
      return <circle cx="8" cy="8" r="5.5" className={className} data-shape={shape} />;
    case 'yellow':
      return <path d="M8 1.6 15 14H1Z" className={className} data-shape={shape} />;
    case 'red':
      return <rect x="2.5" y="2.5" width="11" height="11" className={className} data-shape={shape} />;
    case 'paused':
      return <path d="M4 3h3v10H4zM9 3h3v10H9z" className={className} data-shape={shape} />;
    default:
      return <circle cx="8" cy="8" r="2" className={styles.none} data-shape="none" />;
  }
}
