import type { Lamp, Point } from '@wanmi/contracts';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Loading } from '../states/states.tsx';

/** The map's parts weigh as much as the rest of the page: they come when a map is to be seen. */
const Canvas = lazy(() => import('./MapCanvas.tsx').then(({ MapCanvas }) => ({ default: MapCanvas })));

export interface MapProps {
  /** west, south, east, north: shown first. */
  bounds: [number, number, number, number] | null;
  selected?: { point: Point; lamp: Lamp | null } | null;
  near?: Point[];
  /** Pick mode: a click, or Enter for the centre of the crosshair, gives a point. */
  pick?: { point: Point | null; onPick: (point: Point) => void };
  onCase?: (caseId: string) => void;
  /** Changes when cases changed: their tiles are read again. */
  revision?: number;
  label?: string;
  autoFocus?: boolean;
}

export function CaseMap(props: MapProps) {
  const { t } = useTranslation();
  return (
    <Suspense fallback={<Loading rows={4} label={t('map.loading')} />}>
      <Canvas {...props} />
    </Suspense>
  );
}
