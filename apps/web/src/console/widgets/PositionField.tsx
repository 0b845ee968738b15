import type { Point } from '@wanmi/contracts';
import type { WidgetProps } from '../../shared/form/SchemaForm.tsx';
import { CaseMap } from '../../shared/map/CaseMap.tsx';
import { useMe } from '../me.ts';
import { PointInput } from './PointInput.tsx';
import styles from './widgets.module.css';

/** A position: picked on the map, or typed as "lon, lat". */
export function PositionField({ id, value, onChange, invalid, describedBy }: WidgetProps) {
  const me = useMe();
  const point = isPoint(value) ? value : null;
  return (
    <div className={styles.position}>
      <PointInput id={id} point={point} onChange={onChange} invalid={invalid} describedBy={describedBy} />
      <div className={styles.positionMap}>
        <CaseMap bounds={me.city.bounds} pick={{ point, onPick: onChange }} />
      </div>
    </div>
  );
}

function isPoint(value: unknown): value is Point {
  return typeof value === 'object' && value !== null && 'lon' in value && 'lat' in value;
}
