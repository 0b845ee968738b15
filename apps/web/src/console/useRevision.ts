import { useState } from 'react';
import { useFrames } from '../shared/api/stream.ts';

/** Grows with every change of a case: what draws many cases at once reads them again. */
export function useRevision(): number {
  const [revision, setRevision] = useState(0);
  useFrames((frame) => {
    if (frame.topic !== 'notice') setRevision((now) => now + 1);
  });
  return revision;
}
