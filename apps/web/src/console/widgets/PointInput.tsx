import type { Point } from '@wanmi/contracts';
import { Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { parsePoint } from './parsePoint.ts';

/** Coordinates typed or pasted; what cannot be read is said, and the point stays as it was. */
export function PointInput({
  id,
  point,
  onChange,
  invalid = false,
  describedBy,
}: {
  id: string;
  point: Point | null;
  onChange: (point: Point) => void;
  invalid?: boolean;
  describedBy?: string | undefined;
}) {
  const { t } = useTranslation();
  const shown = point ? `${point.lon.toFixed(6)}, ${point.lat.toFixed(6)}` : '';
  // Null while nobody types: the field then follows the map.
  const [draft, setDraft] = useState<string | null>(null);
  const typed = draft ?? shown;
  const wrong = typed !== '' && parsePoint(typed) === null;

  function commit() {
    const read = parsePoint(typed);
    if (wrong) return;
    setDraft(null);
    if (read && typed !== shown) onChange(read);
  }

  return (
    <Input
      id={id}
      value={typed}
      placeholder={t('map.coordinates')}
      aria-describedby={describedBy}
      aria-invalid={wrong || invalid}
      {...(wrong || invalid ? { status: 'error' as const } : {})}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onPressEnter={(event) => {
        if (typed === shown) return;
        event.preventDefault();
        commit();
      }}
    />
  );
}
