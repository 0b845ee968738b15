import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { caseQuery } from '../../shared/api/queries.ts';
import { useRevision } from '../useRevision.ts';
import { useWide } from '../../shared/useWide.ts';
import { readClock } from '../../shared/lamp/lamp.ts';
import { CaseMap } from '../../shared/map/CaseMap.tsx';
import { serverNow } from '../../shared/time/clock.ts';
import { useMe } from '../me.ts';
import { CaseView } from './CaseView.tsx';
import styles from './case.module.css';

export function CasePage() {
  const { caseId } = useParams({ from: '/cases/$caseId' });
  const me = useMe();
  const detail = useQuery(caseQuery(caseId));
  const revision = useRevision();
  const wide = useWide(1000);
  return (
    <div className={styles.page}>
      <CaseView key={caseId} caseId={caseId} />
      {wide && (
        <CaseMap
          bounds={me.city.bounds}
          revision={revision}
          selected={
            detail.data?.point
              ? { point: detail.data.point, lamp: readClock(detail.data.clock, serverNow()).lamp }
              : null
          }
        />
      )}
    </div>
  );
}
