import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { Failure } from '../../shared/states/states.tsx';

/** A room that broke: the others still work. */
export function RoomFailure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Failure
      error={error}
      onRetry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}
