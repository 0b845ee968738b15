import { useMay, useMe } from '../me.ts';

/** Rules are the whole city's: who has a part of it reads them only. */
export function useMayWrite(): boolean {
  const { post } = useMe();
  return useMay('rule.publish') && post.scope.kind === 'city';
}
