import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useClock } from './clock.ts';

/** Whether a task still waits for its hours (a check by night of what was found by night). */
export function useWaits(notBefore: string | null | undefined): boolean {
  return useClock((now) => typeof notBefore === 'string' && now < Date.parse(notBefore));
}

/** The same; what may be done is asked for again in the moment in which the hours begin. */
export function useWaitsHere(notBefore: string | null | undefined): boolean {
  const waits = useWaits(notBefore);
  const waited = useRef(waits);
  const queries = useQueryClient();
  useEffect(() => {
    if (waited.current && !waits) void queries.invalidateQueries();
    waited.current = waits;
  }, [waits, queries]);
  return waits;
}
