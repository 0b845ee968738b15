import type { TFunction } from 'i18next';
import i18next from 'i18next';
import { toApiError } from '../api/problem.ts';

/**
 * What happened and what to do, by code. A code that this screen does not know yet is told in the server's words,
 * which come in the reader's language.
 */
export function problemText(error: unknown, t: TFunction): { text: string; code: string } {
  const { code, problem, params } = toApiError(error);
  const key = `problem.${code}`;
  if (i18next.exists(key)) return { text: t(key as 'problem.internal', params), code };
  const told = [problem.title, problem.detail].filter(Boolean).join(' · ');
  return { text: told || t('problem.other'), code };
}
